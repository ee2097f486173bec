import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One of the processes that `npm start` runs. In a process group of its own: Ctrl-C reaches only us, and we end
 * things in order. Its IPC channel tells us when it is ready, and it when we are gone.
 */
export class Child {
  #process;

  constructor(name, script, cwd, env) {
    this.name = name;
    this.#process = spawn(process.execPath, ['--enable-source-maps', script], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.exited = once(this.#process, 'exit').then(([code, signal]) => ({ code, signal }));
    // Stays pending for a child that never gets ready: `exited` tells.
    this.ready = new Promise((resolve) => {
      this.#process.on('message', (message) => message?.type === 'ready' && resolve(message));
    });
  }

  get stdout() {
    return this.#process.stdout;
  }

  /** SIGTERM, and after `milliseconds` SIGKILL. Resolves once the process is gone. */
  async stop(milliseconds) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGTERM');
    const patience = new AbortController();
    await Promise.race([
      this.exited,
      sleep(milliseconds, null, { signal: patience.signal }).catch(() => null),
    ]);
    patience.abort();
    this.kill();
    await this.exited;
  }

  kill() {
    this.#process.kill('SIGKILL');
  }
}
