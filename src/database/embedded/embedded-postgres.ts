import { access, constants, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installedBinaries, runnableBinaries } from './binaries.js';
import { answers, ensureDatabase, urlOf } from './connections.js';
import { existingData, hasData, initialise, passwordFor, placeData } from './data-folder.js';
import { EmbeddedPostgresError, explain } from './errors.js';
import { makeFolder } from './folders.js';
import { launch } from './launch.js';
import { exclusively, hasLiveOwner, takeOwnership } from './ownership.js';
import { ownIfRoots, serverUser } from './privileges.js';
import { ServerLog } from './server-log.js';
import { type ServerProcess, runningServer, shutDown } from './postmaster.js';

export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './errors.js';

export interface EmbeddedPostgresOptions {
  /** Holds all that is kept: data, password, log. Made when absent. */
  directory: string;
  /** TCP port of 127.0.0.1, by default 54329; when it is taken, or 0, any free one. */
  port?: number;
  /** Settings of postgresql.conf beyond our own, such as `fsync: 'off'` for tests. */
  settings?: Record<string, string>;
  /** Where data and binaries go when we are root and `directory` is private to root. */
  systemDirectory?: string;
  log?: (message: string) => void;
  /** Breaks the start off: what it had begun is stopped and removed before `start` throws the signal's reason. */
  signal?: AbortSignal;
}

/** A PostgreSQL of our own, from the binaries that npm installs. It outlives a crash of this process. */
export class EmbeddedPostgres {
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly server: ServerProcess,
    /** Database `regrant`, as a superuser. Contains the password. */
    readonly url: string,
    /** Whether a server was taken over that a dead process had left running. */
    readonly adopted: boolean,
    private readonly owned: boolean,
  ) {}

  /**
   * Answers a server that accepts connections: one that runs on this folder already, or else a new one.
   * Throws EmbeddedPostgresError.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const directory = resolve(options.directory);
    try {
      return await EmbeddedPostgres.startIn(directory, options);
    } catch (error) {
      throw explain(error, directory);
    }
  }

  private static async startIn(
    directory: string,
    options: EmbeddedPostgresOptions,
  ): Promise<EmbeddedPostgres> {
    const installed = installedBinaries();
    await makeFolder(directory);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const user = serverUser(join(directory, 'postgres'));
    const isRoot = user.uid !== undefined;
    const elsewhere = [options.systemDirectory ?? '/var/lib/regrant', join(tmpdir(), 'regrant-root')];
    const { signal, log = () => undefined } = options;
    const data = await placeData(directory, user, elsewhere, log);

    const startAlone = async (): Promise<EmbeddedPostgres> => {
      const password = await passwordFor(directory, data);
      const running = await runningServer(data, signal);
      if (running && (await answers(running, password, data))) {
        return EmbeddedPostgres.join(running, password, data);
      }
      if (running) await shutDown(running);

      const serverLog = new ServerLog(join(directory, 'postgres.log'));
      const binaries = await runnableBinaries(installed, user, isRoot ? elsewhere : [directory]);
      signal?.throwIfAborted();
      if (hasData(data)) await assertVersion(data, binaries.version);
      else await initialise(data, binaries, user, password, serverLog, signal);
      await ownIfRoots(user, data);
      signal?.throwIfAborted();
      const { port = 54329, settings = {} } = options;
      const server = await launch({ data, binaries, user, port, settings, log: serverLog, signal });
      try {
        await takeOwnership(data, server.pid);
        await ensureDatabase(server, password);
        signal?.throwIfAborted();
      } catch (error) {
        await shutDown(server);
        throw error;
      }
      return new EmbeddedPostgres(server, urlOf(server, password), false, true);
    };
    return exclusively(data, startAlone, signal);
  }

  /** A live owner keeps its server; that of a dead one becomes ours. */
  private static async join(
    server: ServerProcess,
    password: string,
    data: string,
  ): Promise<EmbeddedPostgres> {
    await ensureDatabase(server, password);
    const shared = hasLiveOwner(data, server.pid);
    if (!shared) await takeOwnership(data, server.pid);
    return new EmbeddedPostgres(server, urlOf(server, password), !shared, !shared);
  }

  /** Stops a server that a dead process left running on `directory`, if there is one. */
  static async stopAbandoned(directory: string): Promise<void> {
    const data = existingData(resolve(directory));
    if (!data) return;
    await exclusively(data, async () => {
      const running = await runningServer(data);
      if (running && !hasLiveOwner(data, running.pid)) await shutDown(running);
    });
  }

  /** Stops the server if it is ours, and resolves once it is gone. Any number of calls. */
  async stop(): Promise<void> {
    if (!this.owned) return;
    this.stopping ??= shutDown(this.server);
    await this.stopping;
  }
}

async function assertVersion(data: string, version: string): Promise<void> {
  const made = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  const major = version.split('.')[0];
  if (made === major) return;
  throw new EmbeddedPostgresError(
    'version_mismatch',
    `${data} was made by PostgreSQL ${made}, and PostgreSQL ${major} cannot read it. ` +
      'Move the data over with pg_dump, or delete the folder to begin anew.',
  );
}
