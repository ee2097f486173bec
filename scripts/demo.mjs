// `npm run demo`: the main job end to end in one terminal, over real HTTP and SMTP. Exits non-zero when a step fails.
import { setTimeout as sleep } from 'node:timers/promises';
import { Report } from './demo/report.mjs';
import { Stage } from './demo/stage.mjs';
import { steps } from './demo/steps.mjs';

const stage = new Stage();
const report = new Report(steps);
let ending;

for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
  process.on(signal, () => {
    // Asked again, without patience: what stays behind notices that we are gone and ends itself.
    if (ending) process.exit(status);
    console.error(`\n${signal}: cleaning up`);
    void end(status);
  });
process.on('exit', () => stage.removeFolder());
process.stdout.on('error', () => end(1));
await import('./build.mjs');
await end(await play());

/** Answers the exit status. The first step that fails ends the play: what comes after builds on it. */
async function play() {
  try {
    report.started(await stage.open());
    for (const step of steps) {
      const started = performance.now();
      const outcome = await step.run(stage);
      report.passed(step, outcome, performance.now() - started);
    }
  } catch (error) {
    if (ending) return 1;
    // What the processes say of it is still on its way.
    await sleep(200);
    report.failed(error, stage.log());
  }
  return report.finished();
}

async function end(status) {
  ending ??= stage.close();
  await ending;
  process.exit(status);
}
