/** A place in between that passes everything on and counts the bytes of each direction, as they are on the sockets. */
import net from 'node:net';

export interface Counter {
  /** bytes since the last call, both directions together: what TCP carries, without its own headers */
  take(): number;
  close(): void;
}

export async function countBetween(port: number, toPort: number): Promise<Counter> {
  let bytes = 0;
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.setNoDelay(true);
      one.on('data', (chunk) => (bytes += chunk.length));
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => open.delete(one));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    take: () => {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
