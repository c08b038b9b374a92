import { describe } from 'vitest';
import { ledgerContract } from '../contract/ledger-contract.ts';
import { durableHost } from './durable-host.ts';

describe('ledger over a Durable Object', () => ledgerContract(durableHost));
