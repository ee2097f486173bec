const FIRST_SECONDS = 30;
const LONGEST_SECONDS = 2 * 3600;
/** How long a delivery is tried. */
export const PATIENCE_SECONDS = 3 * 86_400;

/**
 * Seconds until the next attempt after `attempts` of them: 30 and doubling up to two hours, each shortened by up to a
 * half at random so that what failed together does not come back together.
 * @param random from 0 to 1
 */
export function backoffSeconds(attempts: number, random = Math.random()): number {
  const full = Math.min(FIRST_SECONDS * 2 ** Math.max(attempts - 1, 0), LONGEST_SECONDS);
  return full * (1 - random / 2);
}
