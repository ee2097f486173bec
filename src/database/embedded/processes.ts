import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from './errors.js';

/**
 * A text that tells this process from any later one with the same pid (never a dot in it);
 * undefined once the process is gone.
 */
export function identityOf(pid: number): string | undefined {
  if (!answersSignals(pid)) return undefined;
  const stat = read(`/proc/${pid}/stat`);
  if (stat) return linuxIdentity(stat);
  const listed = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  if (listed.error) return 'alive';
  const [state, ...started] = listed.stdout.trim().split(/\s+/);
  // A zombie has ended; where nobody reaps (many containers) it stays listed for good.
  return !state || state.startsWith('Z') ? undefined : started.join('-').replace(/[^\w-]/g, '');
}

/** The command line of a process, arguments separated by spaces; empty when it cannot be seen. */
export function commandOf(pid: number): string {
  const line = read(`/proc/${pid}/cmdline`);
  if (line !== undefined) return line.replaceAll('\0', ' ');
  return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

/** Sends `signal` unless the process is gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ESRCH') throw error;
  }
}

/** Waits until `condition` holds; false when that takes longer than `milliseconds`. */
export async function until(condition: () => boolean, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > deadline) return false;
    await sleep(15);
  }
  return true;
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isErrno(error) && error.code === 'EPERM';
  }
}

function linuxIdentity(stat: string): string | undefined {
  // The name, in parentheses, may itself hold spaces and parentheses; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0] ?? '', fields[19]];
  if ('ZX'.includes(state)) return undefined;
  // Ticks count from boot, so the same pid and tick can return after one.
  const boot = read('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '';
  return `${boot}-${startTicks}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
