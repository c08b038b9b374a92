import { describe, expect, it } from 'vitest';
import { Branch, HOUR, newPc } from '../support/branch.ts';

describe('limits of the hour', () => {
  it('give each person so many keys, exactly, also when all are asked for at once', async () => {
    const branch = await Branch.open({ personPerHour: 3, nodePerHour: 5 });
    const pc = newPc();
    const { keyId, recoveryPassword } = await branch.escrow(pc);
    const answers = await Promise.all(Array.from({ length: 8 }, () => branch.disclose('luis', keyId)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.find(({ status }) => status === 201)?.body).toMatchObject({ recoveryPassword });
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({
      code: 'disclosure-limit',
      body: { per: 'person', limit: 3, retryAt: branch.now + HOUR },
    });
    expect(refused[0]?.headers.get('Retry-After')).toBe('3600');
  });
});
