import { DurableObject } from 'cloudflare:workers';

export class Bare extends DurableObject {
  /** records that wait for the next transaction, and whoever waits for them */
  waiting = [];

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  }

  async fetch(request) {
    if (request.method === 'GET') return new Response('ok');
    const record = await request.text();
    if (request.url.endsWith('/grouped')) await this.inGroup(record);
    else this.insert(record);
    return new Response('{"stored":true}', { status: 201 });
  }

  insert(record) {
    this.ctx.storage.sql.exec('INSERT INTO records (body) VALUES (?)', record);
  }

  /** All that came in before the turn ends, in one transaction. */
  inGroup(record) {
    return new Promise((resolve) => {
      if (this.waiting.push({ record, resolve }) > 1) return;
      setTimeout(() => {
        const group = this.waiting;
        this.waiting = [];
        this.ctx.storage.transactionSync(() => {
          for (const each of group) this.insert(each.record);
        });
        for (const each of group) each.resolve();
      }, 0);
    });
  }
}

export default {
  fetch: (request, env) => env.BARE.get(env.BARE.idFromName('bare')).fetch(request),
};
