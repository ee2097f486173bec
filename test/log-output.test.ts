import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

/** Runs statements with a `logger` that writes to standard output, in a process of their own. */
function run(statements: string) {
  const source = `import { createLogger } from './dist/common/logger.js'; const logger = createLogger('info'); ${statements}`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  const lines = stdout.split('\n').filter(Boolean);
  return { signal, messages: lines.map((line) => (JSON.parse(line) as { msg: string }).msg) };
}

describe('The log on standard output', () => {
  it('is whole and in order when the process ends', () => {
    const { messages } = run(`for (let n = 0; n < 500; n++) logger.info(String(n)); process.exit();`);
    expect(messages).toEqual(Array.from({ length: 500 }, (_, n) => String(n)));
  });

  it('has a warning, and all that came before it, at once: a kill loses nothing of it', () => {
    const { messages, signal } = run(
      `logger.info('before'); logger.warn('warning'); process.kill(process.pid, 'SIGKILL');`,
    );
    expect(signal).toBe('SIGKILL');
    expect(messages).toEqual(['before', 'warning']);
  });

  it('has a plain line a moment later, while the process does other things', () => {
    const { messages } = run(
      `logger.info('plain'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);`,
    );
    expect(messages).toEqual(['plain']);
  });
});
