/** The agent's pure parts in PowerShell say what the real code says, as far as an interpreter of this repository knows. */
import { describe, expect, it } from 'vitest';
import { decisionVectors } from './decision-vectors.ts';
import { Interpreter } from './interpreter.ts';
import { fromJson, toJson } from './powershell-values.ts';
import { makeParse, readSources } from './powershell.ts';
import { agentFiles } from './vectors.ts';

const sources = (await readSources(await makeParse())).filter(({ name }) => name.includes('Private'));
const interpreter = new Interpreter(sources);
const files = await agentFiles();
const Decisions = fromJson(files['Holdfast.Agent/decisions.json']);
const casesOf = (name: string) =>
  (files[`Tests/vectors/${name}.json`] as { readonly cases: readonly Record<string, unknown>[] }).cases;

describe('PowerShell', () => {
  it.each(decisionVectors().map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const decision = interpreter.call('Resolve-HoldfastDecision', {
      Agent: fromJson(vector.agent),
      Incident: fromJson(vector.incident),
      Decisions,
    });
    expect(toJson(decision)).toEqual(vector.expected);
  });

  it('takes answers as the real code does', () => {
    const { answers } = files['Holdfast.Agent/decisions.json'] as { readonly answers: object };
    for (const { status, body, failure } of casesOf('answers')) {
      const said = interpreter.call('Get-HoldfastFailure', {
        Status: fromJson(status),
        Body: fromJson(body),
        Answers: fromJson(answers),
      });
      expect([status, body, toJson(said)]).toEqual([status, body, failure]);
    }
  });

  it('wants the drives that the real code wants', () => {
    for (const { policy, volumeType, conversionStatus, wanted } of casesOf('wants')) {
      const given = {
        Policy: fromJson(policy),
        VolumeType: fromJson(volumeType),
        ConversionStatus: fromJson(conversionStatus),
      };
      expect(interpreter.call('Test-HoldfastWantsEncryption', { ...given, Decisions })).toBe(wanted);
    }
  });
});
