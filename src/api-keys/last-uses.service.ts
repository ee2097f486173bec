import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';

const WRITE_EVERY_MS = 60_000;

interface Use {
  at: Date;
  /** When an old secret was used last; null: not since the last write. */
  oldAt: Date | null;
}

/**
 * When each API key was used last. Noted in memory, written once a minute for all keys together, and at the end of the
 * process; a replica that is killed loses at most a minute. No request waits for it or fails by it.
 */
@Injectable()
export class LastUses implements OnApplicationShutdown {
  private readonly logger = new Logger(LastUses.name);
  private unwritten = new Map<string, Use>();

  constructor(private readonly dataSource: DataSource) {}

  note(keyId: string, at: Date, bySecret: 'current' | 'old'): void {
    const use = this.unwritten.get(keyId);
    if (!use) this.unwritten.set(keyId, { at, oldAt: bySecret === 'old' ? at : null });
    else {
      use.at = at;
      if (bySecret === 'old') use.oldAt = at;
    }
  }

  /** Writes what was noted since the last time. What cannot be written now is tried again with the next. */
  @Interval(WRITE_EVERY_MS)
  async write(): Promise<void> {
    if (!this.unwritten.size) return;
    const writing = this.unwritten;
    this.unwritten = new Map();
    try {
      await this.store([...writing]);
    } catch (error) {
      this.logger.warn(`The last uses of API keys could not be written: ${(error as Error).message}`);
      for (const [keyId, use] of writing) this.putBack(keyId, use);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.write();
  }

  /** Rows are locked in one order, so that replicas which write at once wait for each other and nothing worse. */
  private async store(uses: [keyId: string, use: Use][]): Promise<void> {
    await this.dataSource.query(
      `WITH locked AS (SELECT id FROM api_keys WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)
       UPDATE api_keys k
       SET last_used_at = greatest(k.last_used_at, used.at),
         old_secret_used_at = greatest(k.old_secret_used_at, used.old_at)
       FROM locked, unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS used (id, at, old_at)
       WHERE k.id = locked.id AND used.id = locked.id`,
      [uses.map(([keyId]) => keyId), uses.map(([, { at }]) => at), uses.map(([, { oldAt }]) => oldAt)],
    );
  }

  private putBack(keyId: string, { at, oldAt }: Use): void {
    const newer = this.unwritten.get(keyId);
    if (newer) newer.oldAt ??= oldAt;
    else this.unwritten.set(keyId, { at, oldAt });
  }
}
