import { describe } from 'vitest';
import { libsqlHost } from '../support/libsql.ts';
import { ledgerContract } from './ledger-contract.ts';

describe('ledger over libSQL files', () => ledgerContract(libsqlHost));
