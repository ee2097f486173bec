import { spawnSync } from 'node:child_process';

/**
 * Two processors, one for the measured server and one for everything else: `{ server, others }`. Undefined where there
 * is only one, or where processes cannot be pinned (`taskset` is of Linux).
 */
export const processors = findProcessors();

function findProcessors() {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const allowed = stdout
    .split(':')[1]
    .trim()
    .split(',')
    .flatMap((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, n) => from + n);
    });
  return allowed.length > 1 ? { server: allowed[0], others: allowed[1] } : undefined;
}

/** Moves this process, and with it all that it starts from now on, away from the processor of the measured server. */
export function makeRoomForTheServer() {
  if (processors) spawnSync('taskset', ['-acp', String(processors.others), String(process.pid)]);
}

/** The command line that runs `node ...args` on the processor of the measured server. */
export const onServerProcessor = (args) =>
  processors
    ? ['taskset', ['-c', String(processors.server), process.execPath, ...args]]
    : [process.execPath, args];
