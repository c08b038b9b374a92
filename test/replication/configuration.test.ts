import { expect, it } from 'vitest';
import { Configuration } from '../../shared/configuration.ts';
import { EngineError } from '../../shared/journal/engine.ts';
import { FaultyEngine } from '../support/faulty-engine.ts';
import { memoryHost } from '../support/libsql.ts';
import { startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';

it('reads a change later that could not be read when it was committed', async () => {
  const faulty: FaultyEngine[] = [];
  const { ledger } = await startNode(memoryHost, {
    organisation: await makeOrganisation(),
    role: 'centre',
    wrap: (engine) => {
      const made = new FaultyEngine(engine);
      faulty.push(made);
      return made;
    },
  });
  const [engine] = faulty;
  if (!engine) throw new Error('the engine was not wrapped');
  const configuration = await Configuration.open(ledger, () => undefined);
  engine.readError = new EngineError('unavailable', 'it is being restarted');
  const body = { name: 'Centro' };
  await ledger.append('recovery', [
    { kind: 'config', body: { kind: 'region', id: 'centro', revision: 1, body } },
  ]);
  await configuration.catchUp();
  expect(configuration.get('region', 'centro')).toBeUndefined();
  engine.readError = null;
  await configuration.catchUp();
  expect(configuration.get('region', 'centro')?.body).toEqual(body);
});
