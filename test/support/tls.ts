/** Certificates of a made-up authority, haproxy as the appliance runs it, and HTTPS requests that trust that authority. */
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { type TLSSocket, connect } from 'node:tls';
import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { Foreground, run, sources } from './appliance.ts';

export class Authority {
  readonly folder: string;
  readonly name: string;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  static async make(folder: string, name: string): Promise<Authority> {
    const authority = new Authority(folder, name);
    await openssl('req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`, ...authority.#files(name));
    return authority;
  }

  get certificateFile(): string {
    return path.join(this.folder, `${this.name}.crt`);
  }

  async certificate(): Promise<Buffer> {
    return readFile(this.certificateFile);
  }

  /** Issues a certificate for a host into FILE.crt and FILE.key, replacing what is there; resolves with its serial. */
  async issue(host: string, file: string): Promise<string> {
    const fresh = `${file}-fresh`;
    const by = ['-CA', this.certificateFile, '-CAkey', path.join(this.folder, `${this.name}.key`)];
    const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    // openssl would make it an authority itself, which some clients refuse in a server.
    names.push('-addext', 'basicConstraints=critical,CA:FALSE');
    await openssl('req', '-x509', ...by, ...NEW_KEY, ...names, ...this.#files(fresh));
    for (const kind of ['crt', 'key'])
      await rename(path.join(this.folder, `${fresh}.${kind}`), path.join(this.folder, `${file}.${kind}`));
    const { stdout } = await run('openssl', [
      'x509',
      '-noout',
      '-serial',
      '-in',
      path.join(this.folder, `${file}.crt`),
    ]);
    return stdout.trim().replace('serial=', '');
  }

  #files(name: string): string[] {
    return ['-out', path.join(this.folder, `${name}.crt`), '-keyout', path.join(this.folder, `${name}.key`)];
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

async function openssl(...args: string[]): Promise<void> {
  await run('openssl', args);
}

/** The shipped configuration and these settings; without the unit's giving up of root. */
export function startHaproxy(
  haproxy: string,
  configuration: 'front' | 'uplink',
  env: Readonly<Record<string, string>>,
): Foreground {
  return new Foreground(haproxy, ['-W', '-f', path.join(sources, `${configuration}.cfg`)], env);
}

export interface Trust {
  readonly ca: Buffer;
  readonly port: number;
}

/** A fetch that finds every host at one port of this machine and trusts one authority. Each request connects anew. */
export function httpsFetch({ ca, port }: Trust): (request: Request) => Promise<Response> {
  return async (request) => {
    const { hostname, pathname, search, host } = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const sent = https.request({
        ...{ host: '127.0.0.1', port, ca, servername: hostname, agent: false },
        ...{ method: request.method, path: `${pathname}${search}` },
        headers: { ...Object.fromEntries(request.headers), host, 'content-length': body.length },
      });
      sent.once('error', reject);
      sent.once('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => {
          const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0, headers }));
        });
      });
      sent.end(body);
    });
  };
}

/** The status of a GET by somebody who says one name to TLS and another to the node, and looks at no certificate. */
export function misdirectedStatus(names: { tls?: string; host: string }, port: number): Promise<number> {
  const { tls, host } = names;
  return new Promise((resolve, reject) => {
    const sent = https.get({
      ...{ host: '127.0.0.1', port, path: '/readyz', agent: false, rejectUnauthorized: false },
      ...(tls === undefined ? {} : { servername: tls }),
      headers: { host },
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
  });
}

/** The serial number of the certificate that a new connection gets to see. */
export function shownSerial(host: string, { ca, port }: Trust): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername: host, ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** The status of a GET over HTTP/2, as browsers ask. */
export function http2Status(host: string, path: string, { ca, port }: Trust): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`https://${host}`, {
      createConnection: () =>
        connect({ host: '127.0.0.1', port, servername: host, ca, ALPNProtocols: ['h2'] }),
    });
    session.once('error', reject);
    const stream = session.request({ ':path': path });
    stream.once('response', (headers) => {
      resolve(Number(headers[':status']));
      session.destroy();
    });
    stream.once('error', reject);
  });
}

/** The status of a GET without TLS; fetch would not let a test name the host. */
export function plainStatus(host: string, path: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ host: '127.0.0.1', port, path, agent: false, headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.once('error', reject);
  });
}
