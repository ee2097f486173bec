// `npm run check`: the quick looks that need no database, as many at once as there are processors.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

// npm scripts, the longest first: the short ones then fill the gaps.
const waiting = ['lint', 'test:unit', 'typecheck', 'format:check', 'boundaries'];
const failed = [];
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/** Runs one npm script; shows what it says only when it fails. */
async function run(script) {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) failed.push(script);
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'}  ${script.padEnd(14)} ${seconds(started).padStart(5)} s`,
  );
  if (status !== 0) console.log(said);
}

async function lane() {
  for (let script = waiting.shift(); script; script = waiting.shift()) await run(script);
}

const started = performance.now();
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, lane));
console.log(failed.length ? `Failed: ${failed.join(', ')}` : `All is well after ${seconds(started)} s.`);
process.exitCode = failed.length ? 1 : 0;
