import { createServer } from 'node:net';
import { EmbeddedPostgresError } from './errors.js';

/** `preferred` when nobody listens there, else any free port of 127.0.0.1. */
export async function freePort(preferred: number): Promise<number> {
  for (const port of [preferred, 0]) {
    const got = await new Promise<number | undefined>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(undefined));
      probe.listen(port, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
      });
    });
    if (got !== undefined) return got;
  }
  throw new EmbeddedPostgresError('start_failed', 'No free TCP port on 127.0.0.1 for PostgreSQL.');
}
