import { expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { OverloadedError } from '../../shared/journal/turns.ts';
import { distinctEscrows, sample, statusBodies } from '../support/drafts.ts';
import { makeOrigin, signLog, wireEntry } from '../support/forge.ts';
import { APPLIED, type Host, copyAll, overTheWire, segmentsOf, startNode } from '../support/node.ts';
import { makeIdentity, makeOrganisation } from '../support/organisation.ts';
import { countRows, factRows } from '../support/tables.ts';

/** Bodies and groups as large as they may be, over engines that take 100 parameters and values of 2 MB. */
export function limitContract(host: Host): void {
  /** An escrow whose package is as large as the schema allows, in letters of three bytes where text is free. */
  function largeEscrows(count: number, copies: number): Draft[] {
    return distinctEscrows(count, 81).map((draft) => {
      if (draft.kind !== 'escrow') return draft;
      const ct = 'A'.repeat(Math.ceil(((limits.keyPackageBytesMax + 16) * 4) / 3));
      const copy = { vaultId: 'north', enc: 'A'.repeat(43), n: 0, ct };
      return {
        ...draft,
        body: {
          ...draft.body,
          computerName: '営'.repeat(255),
          users: Array.from({ length: limits.usersMax }, () => '業'.repeat(320)),
          package: Array.from({ length: copies }, () => copy),
        },
      };
    });
  }

  it('takes groups of the largest entries, and passes them on in messages of bounded size (I12)', async () => {
    const organisation = await makeOrganisation();
    const edge = await startNode(host, { organisation });
    await Promise.all(largeEscrows(30, 6).map((draft) => edge.ledger.append('recovery', [draft])));
    const segments = await segmentsOf(edge, 'recovery');
    for (const segment of segments) {
      const bodies = segment.entries.reduce(
        (sum, entry) => sum + ('body' in entry ? entry.body.length : 0),
        0,
      );
      expect(bodies).toBeLessThanOrEqual(limits.segmentBytesMax + limits.groupBytesMax);
      expect(JSON.stringify(segment).length).toBeLessThan(limits.syncBodyBytesMax / 2);
    }
    expect(segments.length).toBeGreaterThan(2);
    const centre = await startNode(host, { organisation, role: 'centre', sliceEntries: 1_000 });
    for (const { outcome } of await copyAll(edge, centre, 'recovery')) expect(outcome).toBe('applied');
    expect(await factRows(centre.engine, 'recovery')).toEqual(await factRows(edge.engine, 'recovery'));
  });

  it('takes a group of as many entries as fit, whose text is all in letters of three bytes', async () => {
    const organisation = await makeOrganisation();
    const edge = await startNode(host, { organisation });
    const [body] = sample(statusBodies, 1, 1);
    if (!body) throw new Error('no body');
    const wide = (deviceId: string): Draft => ({
      kind: 'status',
      body: {
        ...body,
        deviceId,
        machine: { ...body.machine, users: Array.from({ length: 13 }, () => '業'.repeat(300)) },
      },
    });
    const names = Array.from(
      { length: limits.groupEntriesMax },
      (_, index) => `d-${'a'.repeat(12)}${base32(index)}`,
    );
    await edge.ledger.append('compliance', names.slice(0, 80).map(wide));
    await Promise.all(names.map((name) => edge.ledger.append('compliance', [wide(name)])));
    const centre = await startNode(host, { organisation, role: 'centre', sliceEntries: 1_256 });
    for (const { outcome } of await copyAll(edge, centre, 'compliance')) expect(outcome).toBe('applied');
    expect(await countRows(centre.engine, 'compliance', 'status_reports')).toBe(limits.groupEntriesMax);
  });

  function base32(index: number): string {
    return index
      .toString(6)
      .padStart(4, '0')
      .replace(/[0-5]/g, (digit) => 'abcdef'.charAt(Number(digit)));
  }

  it('refuses to write what no peer would take', async () => {
    const { ledger, engine } = await startNode(host, { organisation: await makeOrganisation() });
    const [draft] = distinctEscrows(1);
    if (!draft) throw new Error('no draft');
    await expect(ledger.append('recovery', largeEscrows(1, 8).map(fillSealed))).rejects.toThrow();
    await expect(
      ledger.append(
        'recovery',
        Array.from({ length: limits.groupEntriesMax + 1 }, () => draft),
      ),
    ).rejects.toThrow();
    await expect(ledger.append('recovery', largeEscrows(12, 6))).rejects.toThrow();
    expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(0);
  });

  function fillSealed(draft: Draft): Draft {
    if (draft.kind !== 'escrow') return draft;
    return { ...draft, body: { ...draft.body, sealed: draft.body.package ?? draft.body.sealed } };
  }

  it('takes the largest message of bodies that grow most when they are quoted', async () => {
    const organisation = await makeOrganisation();
    const identity = await makeIdentity(host.platform, organisation);
    const origin = makeOrigin(host.platform, identity);
    const texts = [
      '"'.repeat(limits.entryBodyBytesMax),
      '\u0001'.repeat(limits.entryBodyBytesMax),
      '営'.repeat(limits.entryBodyBytesMax),
    ];
    const entries = [...texts, ...texts].map((text) => wireEntry('future', text));
    const segment = overTheWire(await signLog(host.platform, identity, 'recovery', origin, entries));
    const centre = await startNode(host, { organisation, role: 'centre', sliceEntries: 1_000 });
    expect(await centre.ledger.absorb('recovery', segment)).toEqual({ ...APPLIED, marked: 6 });
    expect(await segmentsOf(centre, 'recovery', origin)).toEqual([segment]);
  });

  it('reads up to a head within the number and the bytes asked for, or to the next head', async () => {
    const edge = await startNode(host, { organisation: await makeOrganisation() });
    for (let at = 0; at < 5; at += 1) await edge.ledger.append('recovery', distinctEscrows(10, 90 + at));
    const lengths = async (max: number) =>
      (await segmentsOf(edge, 'recovery', edge.ledger.self, max)).map(({ entries }) => entries.length);
    expect(await lengths(1_000)).toEqual([51]);
    expect(await lengths(21)).toEqual([21, 20, 10]);
    expect(await lengths(1)).toEqual([11, 10, 10, 10, 10]);
    expect(await edge.ledger.read('recovery', edge.ledger.self, 51, 10)).toBeNull();
    expect(await edge.ledger.read('recovery', makeOrigin(host.platform, edge.identity), 0, 10)).toBeNull();
  });

  it('answers before the bytes that wait grow without bound', { timeout: 30_000 }, async () => {
    const { ledger } = await startNode(host, { organisation: await makeOrganisation() });
    const [draft] = largeEscrows(1, 8);
    if (!draft) throw new Error('no draft');
    const many = Array.from({ length: 300 }, () => ledger.append('recovery', [draft]));
    const outcomes = await Promise.allSettled(many);
    const rejected = outcomes.filter((one) => one.status === 'rejected');
    expect(rejected.length).toBeGreaterThan(0);
    for (const one of rejected) expect(one.reason).toBeInstanceOf(OverloadedError);
    await ledger.append('recovery', [draft]);
  });

  it('lets a log in while writes never pause, and writes while a log comes in (I12)', async () => {
    const organisation = await makeOrganisation();
    const edge = await startNode(host, { organisation });
    await edge.ledger.append('recovery', distinctEscrows(30, 95));
    const [segment] = await segmentsOf(edge, 'recovery');
    const centre = await startNode(host, { organisation, role: 'centre', sliceEntries: 10 });
    const [draft] = distinctEscrows(1);
    if (!segment || !draft) throw new Error('not set up');
    let open = true;
    let written = 0;
    const absorbed = centre.ledger.absorb('recovery', segment).finally(() => (open = false));
    const writer = async () => {
      while (open && written < 5_000) {
        await centre.ledger.append('recovery', [draft]);
        written += 1;
      }
    };
    await Promise.all([writer(), writer(), writer()]);
    expect(await absorbed).toEqual(APPLIED);
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(5_000);
  });
}
