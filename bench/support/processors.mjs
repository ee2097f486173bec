import { spawnSync } from 'node:child_process';

/**
 * The processors by number: `server`, that of the measured server, `others`, that of everything else meanwhile, and
 * `all`. Undefined where there is only one, or where processes cannot be pinned (`taskset` is of Linux).
 */
export const processors = findProcessors();

function findProcessors() {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const all = stdout.split(':')[1].trim();
  const each = all.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  });
  return each.length > 1 ? { server: String(each[0]), others: String(each[1]), all } : undefined;
}

/** Moves this process, and with it all that it starts from now on, away from the processor of the measured server. */
export const makeRoomForTheServer = () => moveTo(processors?.others);
/** Lets this process, and all that it starts from now on, use every processor again. */
export const useEveryProcessor = () => moveTo(processors?.all);

function moveTo(list) {
  if (list) spawnSync('taskset', ['-acp', list, String(process.pid)]);
}

/** The command line that runs `node ...args` on the processor of the measured server. */
export const onServerProcessor = (args) =>
  processors ? ['taskset', ['-c', processors.server, process.execPath, ...args]] : [process.execPath, args];
