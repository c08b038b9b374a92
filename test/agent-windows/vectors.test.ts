/**
 * The files that the agent for Windows reads are those that the real code gives. When they are out of date:
 * HOLDFAST_WRITE_AGENT_FILES=1 npm run unit -- test/agent-windows/vectors.test.ts
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { Problem } from '../../shared/http/problem.ts';
import { decisionVectors, rulesOfTable } from './decision-vectors.ts';
import { isValid, jwsVectors, receiptVectors } from './signed-vectors.ts';
import { DEVICE } from './signing.ts';
import { agentFiles, proofs, stillChecker } from './vectors.ts';

const ROOT = path.resolve(import.meta.dirname, '../../agent/windows');
const files = await agentFiles();

describe('files made for the agent for Windows', () => {
  it.each(Object.entries(files))('%s is up to date', async (name, content) => {
    const file = path.join(ROOT, name);
    const config = (await resolveConfig(file)) ?? {};
    const wanted = await format(JSON.stringify(content), { ...config, parser: 'json' });
    if (process.env['HOLDFAST_WRITE_AGENT_FILES'] === '1') {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, wanted);
    }
    expect(await readFile(file, 'utf8')).toBe(wanted);
  });

  it('are small enough for ConvertFrom-Json of PowerShell 5.1', () => {
    for (const content of Object.values(files))
      expect(JSON.stringify(content).length).toBeLessThan(2 * 1024 * 1024);
  });

  it('hold a decision for every rule of the table', () => {
    const names = decisionVectors().map(({ name }) => name);
    const missing = rulesOfTable().filter((rule) => !names.some((name) => name.startsWith(rule)));
    // Who enrols is not enrolled, and who escrows or reports is.
    expect(missing).toEqual([
      'enrolling: failed by rule 2 ',
      'escrowing: failed by rule 3 ',
      'reporting: failed by rule 3 ',
    ]);
  });

  it('hold every verdict on a receipt, and the true ones are valid', async () => {
    const { cases } = await receiptVectors();
    const verdicts = z.object({ name: z.string(), verdict: z.string() });
    const said = new Set(cases.map((each) => verdicts.parse(each).verdict));
    expect([...said].sort()).toEqual([
      ...['malformed', 'not-certified', 'not-signed', 'other-device', 'other-key', 'other-password', 'valid'],
    ]);
    const valid = cases.filter(({ verdict }) => verdict === 'valid').map(({ name }) => name);
    expect(valid).toEqual([
      'true',
      'true, held at the centre',
      'certificate long expired: a dead clock must not stop encryption',
    ]);
  });

  it('say of signatures what the real code says', async () => {
    const vectors = jwsVectors();
    for (const { name, jws, valid } of vectors.cases)
      expect([name, await isValid(vectors, jws)]).toEqual([name, valid]);
  });

  it('hold proofs that a node takes, and one that it answers with its nonce', async () => {
    const checker = stillChecker();
    const [first, ...others] = proofs();
    const asRequest = ({ input, proof }: (typeof others)[number]) => {
      const { host, pathname } = new URL(input.url);
      const tokenHash = input.token === null ? null : nodePlatform.sha256(input.token);
      return { method: input.method, host, path: pathname, proof, tokenHash };
    };
    if (!first) throw new Error('there are no proofs');
    await expect(checker.check(asRequest(first))).rejects.toSatisfy(
      (error) => error instanceof Problem && error.code === 'use-dpop-nonce',
    );
    for (const each of others) expect((await stillChecker().check(asRequest(each))).jwk).toEqual(DEVICE.jwk);
  });
});
