/** The fleet against nodes that fail: what its devices do, and above all what they do not do. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fleet, type FleetCounts, type FleetOptions } from '../../central/fleet/fleet.ts';
import { keepAliveWire } from '../../central/fleet/wire.ts';
import { nodePlatform } from '../../central/platform.ts';
import { computerCompliance, DEFAULT_RULES, type PolicyRules } from '../../shared/domain/compliance.ts';
import { type Guid, parseRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { FakeNodes, type Fault } from './fake-node.ts';
import { type Organisation, makeOrganisation } from './fake-trust.ts';

const A = 'http://a.test';
const B = 'http://b.test';
const SEED = 'fleet test 1';

let organisation: Organisation;
let impostors: Organisation;
let nodes: FakeNodes;

beforeAll(async () => {
  organisation = await makeOrganisation();
  impostors = await makeOrganisation();
});
beforeEach(() => {
  nodes = new FakeNodes(organisation, impostors);
});

function open(changes: Partial<FleetOptions> = {}): Promise<Fleet> {
  return Fleet.open({
    seed: SEED,
    sites: [{ siteId: 'madrid', nodes: [A, B], siteToken: 'token of madrid' }],
    devices: 4,
    organisation: { thumbprint: organisation.thumbprint },
    platform: nodePlatform,
    fetch: (request) => nodes.fetch(request),
    healthy: true,
    agent: { backoffFirstMs: 5, backoffMaxMs: 20 },
    ...changes,
  });
}

/** Volumes on which encryption has started, and those that have a password only. */
function encrypted(fleet: Fleet) {
  return fleet.devices
    .flatMap(({ drives }) => drives)
    .filter(({ conversionStatus }) => conversionStatus !== 0);
}

describe('no receipt, no encryption', () => {
  it('encrypts what a node gave a valid receipt for, with the password that was escrowed', async () => {
    const fleet = await open();
    await fleet.enrolAll();
    expect(nodes.escrowed.size).toBe(0);
    const before = encrypted(fleet).length;
    const counts = await fleet.encryptAll();
    expect(counts).toMatchObject({ enrolled: 4, receiptsInvalid: 0, encryptionNotStarted: 0 });
    expect(counts.encryptionStarted).toBe(nodes.escrowed.size);
    expect(encrypted(fleet)).toHaveLength(before + counts.encryptionStarted);
    for (const [keyId, password] of nodes.escrowed) {
      expect(fleet.passwordOf(keyId)).toBe(password);
      expect(parseRecoveryPassword(password)).toBeInstanceOf(Redacted);
    }
  });

  const faults: Fault[] = [
    { type: 'down' },
    { type: 'answers', status: 500, problem: 'unexpected' },
    { type: 'answers', status: 503, problem: 'storage-unavailable' },
    { type: 'answers', status: 429, problem: 'key-quota' },
    { type: 'answers', status: 403, problem: 'device-revoked' },
    { type: 'answers', status: 200, problem: null },
    ...(['signer', 'keyId', 'commitment', 'deviceId', 'absent'] as const).map((wrong) => ({
      type: 'receipts' as const,
      wrong,
    })),
  ];
  it.each(faults)(
    '%j at every node: nothing is encrypted, and all is once the nodes are in order',
    async (fault) => {
      const fleet = await open();
      await fleet.enrolAll();
      const before = encrypted(fleet).length;
      for (const host of ['a.test', 'b.test']) nodes.faults.set(host, fault);
      const failed = await fleet.encryptAll({ pauses: 2 });
      expect(failed.encryptionStarted).toBe(0);
      expect(encrypted(fleet)).toHaveLength(before);
      expect(failed.encryptionNotStarted).toBeGreaterThan(0);
      nodes.faults.clear();
      await fleet.reportAll();
      const healed = await fleet.encryptAll();
      expect(healed.encryptionNotStarted).toBe(0);
      expect(healed.encryptionStarted).toBe(failed.encryptionNotStarted);
    },
  );

  it.each(faults)(
    '%j at the first node only: the second one is asked and encryption starts',
    async (fault) => {
      const fleet = await open();
      await fleet.enrolAll();
      nodes.faults.set('a.test', fault);
      const counts = await fleet.encryptAll();
      const isDecision = fault.type === 'answers' && fault.status === 403;
      expect(counts.encryptionStarted > 0).toBe(!isDecision);
      if (isDecision) expect(counts.refused).toBeGreaterThan(0);
    },
  );
});

describe('what nodes ask for', () => {
  async function encryptedFleet() {
    const fleet = await open();
    await fleet.enrolAll();
    await fleet.encryptAll();
    const device = fleet.devices.find(({ plan }) => !plan.drives.some(({ encrypted: already }) => already));
    const key = device?.keys()[0];
    if (!device || !key) throw new Error('the seed gives no such device');
    return { fleet, device, key };
  }

  it('rotate: a new password, its receipt, and only then the old one goes; the next report shows it', async () => {
    const { fleet, device, key } = await encryptedFleet();
    nodes.instructions.set(device.computerName, [{ type: 'rotate', ...key }]);
    const counts = await fleet.reportAll();
    expect(counts.rotated).toBe(1);
    const [now] = device.keys();
    expect(now?.keyId).not.toBe(key.keyId);
    expect(nodes.escrowed.has(now?.keyId ?? '')).toBe(true);
    expect(fleet.passwordOf(key.keyId)).toBe(nodes.escrowed.get(key.keyId));
    await fleet.reportAll();
    const report = nodes.reports().findLast(({ machine }) => machine.computerName === device.computerName);
    const shown = report?.volumes.flatMap(({ protectors }) => protectors.map(({ keyId }) => keyId));
    expect(shown).toContain(now?.keyId);
    expect(shown).not.toContain(key.keyId);
  });

  it('rotate without a valid receipt: both passwords stay on the drive', async () => {
    const { fleet, device, key } = await encryptedFleet();
    nodes.instructions.set(device.computerName, [{ type: 'rotate', ...key }]);
    for (const host of ['a.test', 'b.test']) nodes.faults.set(host, { type: 'receipts', wrong: 'signer' });
    expect((await fleet.reportAll()).rotated).toBe(0);
    const keys = device.keys().filter(({ volumeId }) => volumeId === key.volumeId);
    expect(keys).toHaveLength(2);
    expect(keys).toContainEqual(key);
    nodes.faults.clear();
    expect((await fleet.reportAll()).rotated).toBe(1);
    expect(device.keys().filter(({ volumeId }) => volumeId === key.volumeId)).toHaveLength(1);
  });

  it('rotate a key that is gone: nothing happens', async () => {
    const { fleet, device, key } = await encryptedFleet();
    const gone = '00000000-0000-4000-8000-00000000dead';
    nodes.instructions.set(device.computerName, [{ type: 'rotate', keyId: gone, volumeId: key.volumeId }]);
    const before = device.keys();
    await fleet.reportAll();
    expect(device.keys()).toEqual(before);
  });

  it('a key that left its drive before its rotation began: no new password is made', async () => {
    const { fleet, device, key } = await encryptedFleet();
    const made = fleet.keyIds().length;
    const gone = '00000000-0000-4000-8000-00000000dead' as Guid;
    await device.handle({ type: 'key-used', volumeId: key.volumeId, keyId: gone });
    expect(fleet.keyIds()).toHaveLength(made);
    expect(device.agent.queue).toEqual([]);
  });

  it('escrow again: `missing` to the node that asked, `single-copy` to the next', async () => {
    const { fleet, device, key } = await encryptedFleet();
    const sentTo = () => nodes.seen.filter(({ path: to }) => to.endsWith(key.keyId)).map(({ node }) => node);
    nodes.instructions.set(device.computerName, [{ type: 'escrow-again', ...key, why: 'missing' }]);
    await fleet.reportAll();
    nodes.instructions.set(device.computerName, [{ type: 'escrow-again', ...key, why: 'single-copy' }]);
    await fleet.reportAll();
    expect(sentTo()).toEqual(['a.test', 'a.test', 'b.test']);
  });

  it('counters rise with every message', async () => {
    const { fleet, device } = await encryptedFleet();
    await fleet.reportAll();
    await fleet.reportAll();
    const counters = nodes
      .reports()
      .filter(({ machine }) => machine.computerName === device.computerName)
      .map(({ counter }) => counter);
    expect(counters).toEqual([...counters].sort((a, b) => a - b));
    expect(new Set(counters).size).toBe(counters.length);
  });
});

describe('who a device is', () => {
  it('enrols again with a new key when a node no longer knows its token, and goes on', async () => {
    const fleet = await open({ devices: 1 });
    await fleet.enrolAll();
    const first = fleet.devices[0]?.enrolment;
    nodes.strangers.add(first?.token ?? '');
    const counts = await fleet.reportAll();
    expect(counts).toMatchObject({ enrolledAgain: 1, reported: 1 });
    expect(fleet.devices[0]?.enrolment?.keyLabel).not.toBe(first?.keyLabel);
  });

  it('a clone enrols again as a machine of its own; a re-imaged PC has a new key and its old SMBIOS UUID', async () => {
    const fleet = await open({ devices: 100, healthy: false });
    await fleet.enrolAll();
    const clone = fleet.devices.find(({ plan }) => plan.cloneOf !== null);
    const original = fleet.devices[clone?.plan.cloneOf ?? -1];
    expect(clone?.enrolment).toEqual(original?.enrolment);
    await fleet.reportAll();
    expect(clone?.enrolment?.deviceId).not.toBe(original?.enrolment?.deviceId);
    const before = fleet.devices.map(({ enrolment }) => enrolment?.keyLabel);
    const counts = await fleet.upheaveAll();
    expect(counts).toMatchObject({ cloned: 1, reimaged: 2, renamed: 2 });
    await fleet.reportAll();
    const renewed = fleet.devices.filter(({ enrolment, plan }) => enrolment?.keyLabel !== before[plan.index]);
    expect(renewed.map(({ plan }) => plan.fate)).toEqual(['re-imaged', 're-imaged']);
  });
});

describe('a fleet', () => {
  const plansOf = (fleet: Fleet) => fleet.devices.map(({ plan }) => plan);

  it('is the same for the same seed, and another for another', async () => {
    expect(plansOf(await open({ devices: 50 }))).toEqual(plansOf(await open({ devices: 50 })));
    expect(plansOf(await open({ devices: 50, seed: 'other' }))).not.toEqual(
      plansOf(await open({ devices: 50 })),
    );
  });

  it('has its own names, serials and SMBIOS UUIDs, and users of both forms', async () => {
    const plans = plansOf(await open({ devices: 300 }));
    for (const of of ['computerName', 'serial', 'smbiosUuid'] as const)
      expect(new Set(plans.map((plan) => plan[of])).size).toBe(300);
    expect(plans[41]?.computerName).toMatch(/^MAD-(LT|DT|TB)-0042$/);
    const users = plans.flatMap((plan) => plan.users);
    expect(users.some((user) => user.includes('\\'))).toBe(true);
    expect(users.some((user) => user.includes('@'))).toBe(true);
  });

  it('shows every reason and every state that can occur', async () => {
    const fleet = await open({ devices: 200, healthy: false });
    await fleet.enrolAll();
    await fleet.encryptAll();
    await fleet.reportAll();
    const found = (changes: Partial<PolicyRules>) => {
      const derived = nodes.reports().map(({ machine, policy, volumes }) =>
        computerCompliance(
          {
            tpmPresent: machine.tpmPresent,
            enforcement: policy.enforcement,
            rules: { ...DEFAULT_RULES, ...changes },
          },
          volumes.map((volume) => ({ ...volume, protectorTypes: volume.protectors.map(({ type }) => type) })),
        ),
      );
      return {
        reasons: new Set(derived.flatMap(({ reasons }) => reasons)),
        states: new Set(derived.map(({ state }) => state)),
      };
    };
    expect([...found({}).reasons].sort((a, b) => a - b)).toEqual([0, 1, 3, 6, 12, 13]);
    expect(found({}).states).toEqual(
      new Set([
        'compliant',
        'non-compliant',
        'user-exempt',
        'temporary-user-exempt',
        'policy-not-enforced',
        'unknown',
      ]),
    );
    expect(found({ removable: 'forbidden' }).reasons).toContain(2);
    expect(found({ osProtector: 'tpm-and-pin' }).reasons).toContain(4);
    expect(found({ allowWithoutTpm: false }).reasons).toContain(5);
    expect(found({ cipher: 'xts-128' }).reasons).toContain(15);
    expect(found({ cipher: 'xts-256' }).reasons).toContain(16);
    expect(nodes.reports().length).toBeLessThan(200);
  });

  it('goes on after a restart of the program from a file that holds no password', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-fleet-'));
    try {
      const file = path.join(folder, 'fleet.json');
      const first = await open({ file, devices: 20, healthy: false });
      await first.enrolAll();
      await first.encryptAll();
      await first.upheaveAll();
      await first.close();
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const text = await readFile(file, 'utf8');
      for (const keyId of first.keyIds()) expect(text).not.toContain(first.passwordOf(keyId));
      const { seed: _seed, ...withoutSeed } = { ...(await optionsOf(file)) };
      const second = await Fleet.open(withoutSeed);
      expect(second.keyIds().sort()).toEqual(first.keyIds().sort());
      for (const keyId of first.keyIds()) expect(second.passwordOf(keyId)).toBe(first.passwordOf(keyId));
      expect(second.devices.map(({ enrolment }) => enrolment)).toEqual(
        first.devices.map(({ enrolment }) => enrolment),
      );
      const counts = await second.reportAll();
      expect(counts).toMatchObject({ enrolled: 0, stranger: 0 });
      expect(counts.reported).toBeGreaterThan(0);
      await expect(open({ file, devices: 21 })).rejects.toThrow(
        'has other sites or another number of devices',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
  const optionsOf = async (file: string): Promise<FleetOptions> => ({
    sites: [{ siteId: 'madrid', nodes: [A, B], siteToken: 'token of madrid' }],
    devices: 20,
    organisation: { jwk: organisation.jwk },
    platform: nodePlatform,
    fetch: (request) => nodes.fetch(request),
    file,
  });

  it('lives until it is stopped, and stops at once', async () => {
    const fleet = await open({ devices: 40, healthy: false });
    const stop = new AbortController();
    // 90 minutes in 50 ms
    const life = fleet.run(stop.signal, { speed: 108_000 });
    // When each incident comes depends on whose turn it is; that each comes does not.
    const lived = ({ reported, rotated, drivesNew, reimaged, renamed }: FleetCounts) =>
      reported >= 200 && rotated > 0 && drivesNew > 0 && reimaged + renamed > 0;
    while (!lived(fleet.counts())) await nodePlatform.sleep(10);
    stop.abort();
    const begin = performance.now();
    const counts = await life;
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(counts.enrolled).toBeGreaterThan(30);
    expect(fleet.devices.every(({ agent }) => agent.phase === 'resting' || agent.phase === 'waiting')).toBe(
      true,
    );
  }, 60_000);

  it('stops a call in the middle, loses nothing, and ends it later', async () => {
    const fleet = await open({ devices: 40, concurrency: 4 });
    const stop = new AbortController();
    await fleet.enrolAll({ signal: stop.signal, onProgress: ({ done }) => done === 10 && stop.abort() });
    const some = fleet.devices.filter(({ enrolment }) => enrolment !== null).length;
    expect(some).toBeGreaterThanOrEqual(10);
    expect(some).toBeLessThan(20);
    await fleet.enrolAll();
    expect(fleet.devices.every(({ enrolment }) => enrolment !== null)).toBe(true);
  });

  it('prepares load in advance, which a node takes as it is', async () => {
    const fleet = await open();
    await fleet.enrolAll();
    const prepared = [...(await fleet.prepare('escrow', A, 50)), ...(await fleet.prepare('report', A, 50))];
    const verdicts = await Promise.all(
      prepared.map(async (each) => each.check(await fleet.wire.send(each.request))),
    );
    expect(new Set(verdicts)).toEqual(new Set(['valid']));
    expect(nodes.escrowed.size).toBe(50);
  });
});

describe('the keep-alive wire', () => {
  it('carries a message over a socket, gives the nonce, and rejects when nobody answers', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () =>
        response
          .writeHead(401, { 'DPoP-Nonce': 'n' })
          .end(`${request.method ?? ''} ${request.url ?? ''} ${body}`),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const wire = keepAliveWire(2);
    const message = { method: 'PUT', url: `http://127.0.0.1:${port}/v1/x?y=1`, headers: {}, body: 'señal' };
    expect(await wire.send(message)).toEqual({ status: 401, nonce: 'n', body: 'PUT /v1/x?y=1 señal' });
    await expect(wire.send(message, AbortSignal.abort())).rejects.toThrow();
    wire.close();
    await new Promise((resolve) => server.close(resolve));
    await expect(keepAliveWire(1).send(message)).rejects.toThrow();
  });
});
