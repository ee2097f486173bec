// `npm run bench [-- [--quick] part …]`: the measurements of Regrant in one run, side by side with what they are to be
// judged by. Nothing fails here; the last table says which of the figures that must be reached were.
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { parts } from './parts.mjs';
import { processors, useEveryProcessor } from './support/processors.mjs';
import { Stage } from './support/stage.mjs';
import { table } from './support/table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !(name in parts));
if (unknown.length) {
  console.error(`There is no part ${unknown.join(', ')}. The parts: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

const started = performance.now();
const elapsed = () => `${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s`;
const progress = (what) => process.stderr.write(`${elapsed()}  ${what}\n`);

/** Runs the parts one after the other, each on a stage of its own; prints what each found, and at last all marks. */
async function run() {
  const marks = [];
  for (const name of positionals.length ? positionals : Object.keys(parts)) {
    progress(`${name}: starting`);
    useEveryProcessor();
    await Stage.during(async (stage) => {
      const found = await parts[name](stage, { quick: values.quick, progress });
      console.log(`\n${found.text}`);
      marks.push(...found.marks);
    });
  }
  if (!marks.length) return;
  const rows = marks.map(({ what, wanted, measured, holds }) => [
    what,
    wanted,
    measured,
    holds ? 'yes' : 'NO',
  ]);
  console.log(`\n${table(['Must reach', 'wanted', 'measured', 'holds'], rows)}`);
}

const [model = 'unknown processor'] = cpus().map((cpu) => cpu.model.trim());
console.log(`Node ${process.version}, ${availableParallelism()} × ${model}, ${new Date().toISOString()}`);
console.log(
  processors
    ? `Under load the server has processor ${processors.server} for itself; load and database share ${processors.others}.`
    : 'One processor, or no taskset: server and load share what there is, and ratios say less than they should.',
);
await run();
process.exit();
