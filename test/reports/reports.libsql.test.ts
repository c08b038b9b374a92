import { describe } from 'vitest';
import { libsqlHost } from '../support/libsql.ts';
import { reportsContract } from './contract.ts';

describe('reports over libSQL files', () => reportsContract(libsqlHost));
