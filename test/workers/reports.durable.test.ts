import { describe } from 'vitest';
import { reportsContract } from '../reports/contract.ts';
import { durableHost } from './durable-host.ts';

describe('reports over a Durable Object', () => reportsContract(durableHost));
