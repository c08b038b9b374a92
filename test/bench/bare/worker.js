import { DurableObject } from 'cloudflare:workers';

export class Bare extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  }

  async fetch(request) {
    if (request.method === 'GET') return new Response('ok');
    this.ctx.storage.sql.exec('INSERT INTO records (body) VALUES (?)', await request.text());
    return new Response('{"stored":true}', { status: 201 });
  }
}

export default {
  fetch: (request, env) => env.BARE.get(env.BARE.idFromName('bare')).fetch(request),
};
