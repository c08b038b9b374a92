import { describe } from 'vitest';
import { ledgerContract } from '../contract/ledger-contract.ts';
import { noSqld } from '../support/sqld.ts';
import { sqldHost } from '../support/sqld-host.ts';

describe.skipIf(noSqld)(`ledger over a libSQL server${noSqld === null ? '' : `: ${noSqld}`}`, () =>
  ledgerContract(sqldHost(11_300)),
);
