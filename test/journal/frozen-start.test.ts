/** What a start writes before its journal is open waits for the freeze of a snapshot as every write does (I11). */
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { migrations } from '../../migrations/index.ts';
import { clearFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import { reproject } from '../../shared/journal/reproject.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { makeSavedCentre, openFiles, writeSomething } from '../support/saved-centre.ts';

const FREEZE_LOOKED_AT_MS = 60;

describe('a start over a frozen database', () => {
  it.each(['migrate', 'reproject'] as const)('waits until it is thawed: %s', async (what) => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const engine = openFiles(centre.settings.files);
    const log = () => undefined;
    const authority = new CertificateAuthority(centre.identity.organisation);
    const next = { name: '9999_next.sql', sql: 'CREATE TABLE next (id INTEGER)' };
    const work = {
      migrate: () => migrate(engine, 'recovery', [...migrations.recovery, next], nodePlatform),
      reproject: () =>
        reproject({ engine, platform: nodePlatform, authority, log }, 'recovery', PROJECTION_VERSION + 1),
    };
    const state = async () =>
      JSON.stringify([
        await engine.rows('recovery', 'SELECT name FROM recovery_migrations', []),
        await engine.rows('recovery', 'SELECT version FROM recovery_projection', []),
        await engine.rows('recovery', 'SELECT count(*) FROM escrows', []),
      ]);
    const before = await state();
    await engine.batch('recovery', [setFreeze('recovery', 'set-1', 60_000)]);
    const done = work[what]();
    await nodePlatform.sleep(FREEZE_LOOKED_AT_MS);
    expect(await state()).toBe(before);
    await engine.batch('recovery', [clearFreeze('recovery', 'set-1')]);
    await done;
    expect(await state()).not.toBe(before);
    engine.close();
  });
});
