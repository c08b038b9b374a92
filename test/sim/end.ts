/** What is looked at once everything has come together: rows, tables, chains, writers, and that keys are given out. */
import { STORES } from '../../shared/journal/entry.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { Machine } from './machine.ts';
import { holds, tipsOn } from './oracle.ts';
import { disclose } from './people.ts';
import type { Play } from './play.ts';
import type { World } from './world.ts';

/** How many keys are given out by each centre in the end. */
const GIVEN_OUT = 2;

export async function checkEnd(world: World, play: Play): Promise<void> {
  const { oracle } = world;
  const left = world.machines.filter(({ isGone }) => !isGone);
  const centres = left.filter(({ isCentre }) => isCentre);
  for (const machine of left) {
    checkRows(world, machine);
    const found = await world.through(machine.life?.node?.comparison.withJournal() ?? Promise.resolve([]));
    for (const { table, key, how } of found) oracle.violated('I5', `${machine.name}: ${table} ${key} ${how}`);
  }
  for (const machine of left) for (const centre of centres) await compareTables(world, machine, centre);
  for (const centre of centres) {
    // A clock that ran backwards may pass a freeze of before once more, for as long as that was to last.
    await world.through(world.scheduler.sleep(2_500));
    play.writers.check(world, centre);
    await checkChains(world, centre);
    await checkDisclosures(world, play, centre);
  }
}

/** Nothing of an attacker counts, and nothing of an honest node is left aside. */
function checkRows({ oracle, machines }: World, { name, disk }: Machine): void {
  for (const nodeId of oracle.dishonest) {
    const [row] = disk
      .of('recovery')
      .facts('SELECT origin, id FROM config WHERE origin LIKE ?', [`${nodeId}.%`]);
    if (row) oracle.violated('I4', `${name} takes ${String(row[1])} as configured by an edge`);
  }
  for (const store of STORES)
    for (const [origin, seq, reason] of disk
      .of(store)
      .facts(`SELECT origin, seq, reason FROM "${store}_marks"`, []))
      if (machines.some((each) => !each.rogue && String(origin).startsWith(each.certificate.nodeId)))
        oracle.violated('I9', `${name} left ${String(origin)} ${String(seq)} aside: ${String(reason)}`);
}

/** I5: equal logs, equal tables. */
async function compareTables(world: World, a: Machine, b: Machine): Promise<void> {
  if (a.disk === b.disk) return;
  const there = tipsOn(b.disk);
  for (const [log, { store, origin, seq, hash }] of tipsOn(a.disk)) {
    if (there.get(log)?.hash !== hash) continue;
    const digest = ({ disk, program }: Machine) =>
      program.digestSlice(
        {
          kind: disk.kind,
          batch: () => Promise.reject(new Error('read only')),
          rows: (of, sql, args) => Promise.resolve(disk.of(of).rows(sql, args)),
        },
        ...([nodePlatform, store, origin as never, 1, seq] as const),
      );
    const [here, other] = [(await digest(a)).tables, (await digest(b)).tables];
    if (JSON.stringify(here) !== JSON.stringify(other))
      world.oracle.violated('I5', `${a.name} and ${b.name} differ in the tables of ${log}`);
  }
}

/** I4: what a centre passes on verifies, from the first entry to the last. */
async function checkChains(world: World, { life, program, name }: Machine): Promise<void> {
  const node = life?.node;
  if (!node) return;
  const verifier = { platform: node.options.platform, authority: node.authority };
  for (const store of STORES) {
    for (const [origin, state] of node.ledger.origins(store)) {
      for (let after = 0; after < state.headSeq;) {
        const segment = await world.through(node.ledger.read(store, origin, after, 200).catch(() => null));
        const verified =
          segment && (await world.through(program.verifySegment(verifier, store, segment, state)));
        if (!segment || !verified || 'outcome' in verified) {
          world.oracle.violated('I4', `${name} cannot pass on ${store} ${origin} after ${String(after)}`);
          break;
        }
        after += segment.entries.length;
      }
    }
  }
}

/** The keys are there to be given out, except by a node that gave out as many as it may within the hour. */
async function checkDisclosures(world: World, { organisation }: Play, centre: Machine): Promise<void> {
  const { oracle } = world;
  const [advanced] = organisation.staff;
  if (!advanced) return;
  const living = oracle.keys.filter(({ keyId, commitment, deviceId }) =>
    holds(centre.disk, {
      sql: 'SELECT 1 FROM escrows WHERE key_id = ? AND commitment = ? AND device_id = ?',
      args: [keyId, commitment, deviceId],
    }),
  );
  for (const key of living.slice(-GIVEN_OUT)) {
    const outcome = await world.through(disclose(world, advanced, centre, key, `end ${key.keyId}`));
    if (outcome !== 'disclosed' && outcome !== 'disclosure-limit')
      oracle.violated('I2', `${centre.name} holds ${key.keyId} and does not give it out: ${outcome}`);
  }
}
