import { readFileSync } from 'node:fs';

/** Calls `gone` once the process that started us has ended: a killed npm cannot tell us, and we would stay behind. */
export function onParentGone(gone) {
  const starter = starterOf();
  const timer = setInterval(() => {
    if (starterOf() === starter) return;
    clearInterval(timer);
    gone();
  }, 500);
  timer.unref();
  process.on('disconnect', gone);
}

/** The pid of our parent; that of npm where npm has put a shell in between, which outlives it. */
function starterOf() {
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event) return parent;
  try {
    const [, name, , grandparent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(
      readFileSync(`/proc/${parent}/stat`, 'utf8'),
    );
    return /^(sh|dash|bash)$/.test(name) ? Number(grandparent) : parent;
  } catch {
    return parent;
  }
}
