/**
 * The running installation's own door: on a port of its own that only `run.json` names, behind a token that only
 * `run.json` holds. The command line asks here for what must be done by the program that owns the processes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timingSafeEqual } from 'node:crypto';
import { generateToken } from '../local/secrets.ts';

/** What the door's owner does; each resolves with what the asker is told. */
export interface Controlled {
  stopCentre(): Promise<object>;
  startCentre(): Promise<object>;
}

export class ControlDoor {
  readonly url: string;
  readonly token: string;
  readonly #server: Server;

  private constructor(server: Server, token: string) {
    this.#server = server;
    this.token = token;
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  static async open(controlled: Controlled): Promise<ControlDoor> {
    const token = generateToken('hfl');
    const server = createServer((request, response) => {
      void answer(controlled, token, request, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new ControlDoor(server, token);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }
}

async function answer(
  controlled: Controlled,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (status: number, body: object): void => {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify(body));
  };
  request.resume();
  if (!isToken(request.headers.authorization ?? '', token)) {
    say(401, { title: 'The token of run.json is required.' });
    return;
  }
  try {
    switch (`${request.method ?? ''} ${request.url ?? ''}`) {
      case 'POST /v1/centre/stop':
        say(200, await controlled.stopCentre());
        break;
      case 'POST /v1/centre/start':
        say(200, await controlled.startCentre());
        break;
      default:
        say(404, { title: 'There is nothing here.' });
    }
  } catch (error) {
    say(503, { title: error instanceof Error ? error.message : 'It failed.' });
  }
}

function isToken(authorization: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(authorization), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
