import { appendFileSync, closeSync, openSync, readSync, statSync, statfsSync, truncateSync } from 'node:fs';

const MAX_BYTES = 10 * 1024 * 1024;
const QUOTED_BYTES = 4096;
const QUOTED_LINES = 6;

/** What PostgreSQL writes to stderr: a file that begins anew when it has grown past 10 MB. */
export class ServerLog {
  private from: number;

  constructor(readonly file: string) {
    this.from = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (this.from <= MAX_BYTES) return;
    truncateSync(file);
    this.from = 0;
  }

  /** A descriptor to hand to a child process; the caller closes it. */
  openForChild(): number {
    return openSync(this.file, 'a', 0o600);
  }

  /** Best effort: on a full disk, a log that cannot be written must not hide what went wrong. */
  append(text: string): void {
    try {
      appendFileSync(this.file, `${text}\n`, { mode: 0o600 });
    } catch {
      return;
    }
  }

  /** The last lines written since this object was made, joined for use in a sentence. */
  quote(): string {
    const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    const start = Math.max(this.from, size - QUOTED_BYTES);
    if (size <= start) return '';
    const buffer = Buffer.alloc(size - start);
    const descriptor = openSync(this.file, 'r');
    try {
      readSync(descriptor, buffer, 0, buffer.length, start);
    } finally {
      closeSync(descriptor);
    }
    return buffer.toString('utf8').trim().split('\n').slice(-QUOTED_LINES).join(' | ');
  }
}

/** Whether hardly a byte is left where `path` lies: PostgreSQL cannot even log that, then. */
export function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize < 1024 * 1024;
  } catch {
    return false;
  }
}
