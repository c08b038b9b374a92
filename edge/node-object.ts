/**
 * The Durable Object that is an edge: the application core over its SQLite. There is one object per edge; every
 * request and the alarm come to it, so everything in memory has one owner.
 *
 * The alarm only keeps the object alive, so that replication goes on when nobody calls. It never throws, because an
 * alarm that throws is abandoned after six retries, and it is set again before anything else happens.
 */
import { DurableObject } from 'cloudflare:workers';
import { migrations } from '../migrations/index.ts';
import { createApp } from '../shared/http/app.ts';
import { boxTokenHash } from '../shared/http/routes/certificate.ts';
import type { App } from '../shared/http/context.ts';
import { limits } from '../shared/limits.ts';
import { openNode } from '../shared/node.ts';
import type { Room } from '../shared/room.ts';
import { startingAnswer } from '../shared/portal/starting.ts';
import { VERSION } from '../shared/version.ts';
import { DurableEngine } from './durable-engine.ts';
import { untilGone } from './database-file.ts';
import { log } from './log.ts';
import { workerdPlatform } from './platform.ts';
import { roomBy } from './room-store.ts';
import { type EdgeSettings, peersOf, readBoxToken, readIdentity, SettingError } from './settings.ts';

/** How late an edge begins to replicate at most, that was restarted and that nobody calls. One fsync each. */
const ALARM_EVERY_MS = 15_000;

export interface EdgeEnv extends EdgeSettings {
  readonly NODE: DurableObjectNamespace<EdgeNode>;
  /** the folder of the database, where room is kept in reserve */
  readonly DATA?: Fetcher;
}

export class EdgeNode extends DurableObject<EdgeEnv> {
  #app: Promise<App> | null = null;
  #room: Room | null = null;

  override async fetch(request: Request): Promise<Response> {
    try {
      return await (await this.#open()).fetch(request);
    } catch (error) {
      return notStarted(request, error);
    }
  }

  /** A commit found no room: gives back the next stage of the reserve, and begins anew where it could not even start. */
  async makeRoom(): Promise<void> {
    await this.#room?.exhausted();
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + ALARM_EVERY_MS);
    try {
      await this.#open();
    } catch (error) {
      log('error', 'the edge could not start', { error: sentence(error) });
    }
  }

  /** Opens the node once; a failure is tried again with the next request or alarm. */
  #open(): Promise<App> {
    this.#app ??= this.#start().catch((error: unknown) => {
      this.#app = null;
      throw error;
    });
    return this.#app;
  }

  async #start(): Promise<App> {
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + ALARM_EVERY_MS);
    const boxToken = await readBoxToken(this.env);
    const engine = new DurableEngine(this.ctx.storage);
    const node = await openNode({
      engine,
      platform: workerdPlatform,
      migrations,
      identity: await readIdentity(this.env),
      log,
      sliceEntries: limits.absorbSliceEntriesMax,
      peers: peersOf(this.env),
      version: VERSION,
      bootstrapTokenHash: null,
      ...(boxToken === null ? {} : { boxTokenHash: boxTokenHash(workerdPlatform, boxToken) }),
      ...(this.env.DATA ? { room: roomBy(this.env.DATA) } : {}),
    });
    this.#room = node.room;
    node.start();
    if (this.env.DATA)
      void untilGone(this.env.DATA, this.ctx.id.toString()).then((why) => {
        engine.giveUp(why);
        node.alarms.raise('storage', 'files', why);
      });
    log('info', 'edge is serving', {
      nodeId: node.identity.certificate.nodeId,
      name: node.identity.certificate.name,
    });
    return createApp(node);
  }
}

function sentence(error: unknown): string {
  return error instanceof SettingError ||
    (error instanceof Error && ['MigrationError', 'IdentityError'].includes(error.name))
    ? error.message
    : 'unexpected failure';
}

function notStarted(request: Request, error: unknown): Response {
  log('error', 'the edge could not start', { error: sentence(error) });
  const answer = startingAnswer(request, sentence(error));
  if (answer) return answer;
  const document = { type: 'urn:holdfast:problem:not-started', title: sentence(error), status: 503 };
  return new Response(JSON.stringify(document), {
    status: 503,
    headers: {
      ...{ 'Content-Type': 'application/problem+json', 'Retry-After': '10', 'Cache-Control': 'no-store' },
      ...{ 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'" },
    },
  });
}
