import { hash, verify } from '@node-rs/argon2';
import { COMMON_PASSWORDS } from './common-passwords.js';

/** OWASP's parameters for Argon2id (which is the default algorithm): 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const MIN_LENGTH = 12;
const MAX_LENGTH = 200;
/** What must be left of a password when the owner's address is taken out of it. */
const MIN_BESIDES_ADDRESS = 8;

/** The same password typed on different keyboards is the same text. */
const normal = (password: string): string => password.normalize('NFKC');

export const hashPassword = (password: string): Promise<string> => hash(normal(password), ARGON2);

export const verifyPassword = (hashed: string, password: string): Promise<boolean> =>
  verify(hashed, normal(password));

/** What is wrong with a new password, in a sentence for its owner; undefined when nothing is. */
export function passwordProblem(password: string, email: string): string | undefined {
  const text = normal(password);
  const length = [...text].length;
  if (length < MIN_LENGTH) return `Use at least ${MIN_LENGTH} characters. A few words in a row work well.`;
  if (length > MAX_LENGTH) return `Use at most ${MAX_LENGTH} characters.`;
  const lower = text.toLowerCase();
  if (isAddressWithLittleElse(lower, email)) return 'Do not build the password from your email address.';
  if (isCommon(lower) || isPattern(lower))
    return 'This password is too easy to guess. Use a few words in a row.';
  return undefined;
}

const SUBSTITUTIONS: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

function isCommon(lower: string): boolean {
  const core = lower.replace(/^[^a-z@$]+|[^a-z]+$/g, '');
  const letters = core.replace(/[013457@$]/g, (sign) => SUBSTITUTIONS[sign] ?? sign).replace(/[^a-z]/g, '');
  return COMMON_PASSWORDS.has(core) || COMMON_PASSWORDS.has(letters);
}

const ROWS = [
  '0123456789',
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
];

/** Few different characters, one piece over and over, or a walk along the keyboard or the alphabet. */
function isPattern(lower: string): boolean {
  if (new Set(lower).size < 5) return true;
  if (/^(.{1,8}?)\1+$/su.test(lower)) return true;
  return ROWS.some((row) => {
    const forth = row.repeat(Math.ceil(lower.length / row.length) + 1);
    return forth.includes(lower) || [...forth].reverse().join('').includes(lower);
  });
}

function isAddressWithLittleElse(lower: string, email: string): boolean {
  const [local = ''] = email.split('@', 1);
  return [email, local].some(
    (part) =>
      part.length >= 3 && lower.includes(part) && lower.replaceAll(part, '').length < MIN_BESIDES_ADDRESS,
  );
}
