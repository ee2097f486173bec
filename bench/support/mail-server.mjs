import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** Runs `work` with the URL of an SMTP server, a thread of its own, that takes every mail and keeps none. */
export async function withMailServer(work) {
  const server = new Worker(new URL(import.meta.url));
  try {
    const [url] = await once(server, 'message');
    return await work(url);
  } finally {
    await server.terminate();
  }
}

async function serve() {
  const { SMTPServer } = await import('smtp-server');
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onData: (stream, _session, done) => stream.on('end', () => done()).resume(),
  });
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  parentPort.postMessage(`smtp://127.0.0.1:${listener.address().port}`);
}

if (!isMainThread) await serve();
