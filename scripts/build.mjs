// Compiles src to dist/ and simulator to dist-simulator/, each only when something in it is newer.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = ['package-lock.json', 'tsconfig.json'];

/** Milliseconds since 1970 of the newest change below `path`. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time moves when a file in it is deleted or renamed.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function buildIfStale(outDir, inputs, command) {
  const stamp = join(root, outDir, '.built');
  const changed = Math.max(...[...shared, ...inputs].map((path) => newest(join(root, path))));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= changed) return;
  const started = Date.now();
  const result = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
  // The stamp carries the time the build began: a file saved meanwhile counts as newer.
  writeFileSync(stamp, '');
  utimesSync(stamp, started / 1000, started / 1000);
  console.error(`Built ${outDir}/ in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

buildIfStale(
  'dist',
  ['src', 'nest-cli.json', 'tsconfig.build.json'],
  ['node_modules/@nestjs/cli/bin/nest.js', 'build'],
);
buildIfStale(
  'dist-simulator',
  ['simulator'],
  ['node_modules/typescript/bin/tsc', '-p', 'simulator/tsconfig.json'],
);
