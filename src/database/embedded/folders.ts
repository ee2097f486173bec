import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from './errors.js';

/**
 * Makes `path` and the folders above it, each with the mode 0755 that the umask leaves.
 * Node's own recursive mkdir never returns where the system answers ENOENT below an existing folder, as in
 * /proc, and hides the reason on a read-only file system.
 */
export async function makeFolder(path: string): Promise<void> {
  let parentMade = false;
  for (;;) {
    try {
      await mkdir(path, { mode: 0o755 });
      return;
    } catch (error) {
      if (!isErrno(error)) throw error;
      if (error.code === 'EEXIST') return;
      if (error.code !== 'ENOENT' || parentMade || dirname(path) === path) throw error;
      await makeFolder(dirname(path));
      parentMade = true;
    }
  }
}
