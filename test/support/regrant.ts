import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The built service as a real process. */
export class Regrant {
  log = '';
  private readonly end: Promise<unknown>;

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
    for (const stream of streams) stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    // Not the child's own `close`: that never comes after a disconnect from our side.
    this.end = Promise.all([once(child, 'exit'), ...streams.map((stream) => once(stream, 'close'))]);
  }

  /** `folder` is where it looks for `.env` and keeps what development needs. */
  static spawn(settings: Record<string, string>, folder = process.cwd()): Regrant {
    const env = { PATH: process.env['PATH'], ...settings };
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as ['ignore', 'pipe', 'pipe', 'ipc'];
    const child = fork(MAIN, { env, execArgv: [], cwd: folder, stdio });
    return new Regrant(`http://localhost:${settings['PORT']}`, child);
  }

  static async start(settings: Record<string, string>): Promise<Regrant> {
    const regrant = Regrant.spawn(settings);
    await regrant.ready();
    return regrant;
  }

  async ready(): Promise<void> {
    const outcome = await Promise.race([once(this.child, 'message'), this.ended()]);
    if (!Array.isArray(outcome)) throw new Error(`Regrant ended at its start:\n${this.log}`);
  }

  /** Resolves once the log holds `text`; what was logged before counts. */
  async said(text: string): Promise<void> {
    while (!this.log.includes(text)) await once(this.child.stdout ?? this.child, 'data');
  }

  /** Ends the channel, as the death of the parent does. */
  disconnect(): void {
    this.child.disconnect();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The exit status; null after a signal. The log is whole then. */
  async ended(): Promise<number | null> {
    await this.end;
    return this.child.exitCode;
  }
}
