/** A request to the control API that cannot be carried out; its message is for the caller. */
export class ControlError extends Error {
  constructor(
    message: string,
    readonly statusCode: 400 | 404 = 400,
  ) {
    super(message);
  }
}

/** Turns one value of a body into what it should be, or throws. */
type Reader<T> = (value: unknown, name: string) => T;
type Fields<R extends Record<string, Reader<unknown>>> = { [K in keyof R]?: ReturnType<R[K]> };

/** Reads the fields of a JSON body; absent ones stay absent, unknown ones are refused. */
export function readFields<R extends Record<string, Reader<unknown>>>(body: unknown, readers: R): Fields<R> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ControlError('The body must be a JSON object');
  }
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader)
      throw new ControlError(`Unknown field ${name}: known are ${Object.keys(readers).join(', ')}`);
    fields[name] = reader(value, name);
  }
  return fields as Fields<R>;
}

/** The value of a field that must be there. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new ControlError(`${name} is missing`);
  return value;
}

export const text: Reader<string> = (value, name) => {
  if (typeof value === 'string' && value !== '') return value;
  throw new ControlError(`${name} must be a text that is not empty`);
};

export const yesOrNo: Reader<boolean> = (value, name) => {
  if (typeof value === 'boolean') return value;
  throw new ControlError(`${name} must be true or false`);
};

/** A whole number, zero included. */
export const wholeNumber: Reader<number> = (value, name) => {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new ControlError(`${name} must be a whole number, zero or more`);
};

/** A moment, in RFC 3339. */
export const time: Reader<string> = (value, name) => {
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return value;
  throw new ControlError(`${name} must be a time`);
};

/** A list of what the reader reads. */
export function listOf<T>(reader: Reader<T>): Reader<T[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw new ControlError(`${name} must be a list`);
    return value.map((item) => reader(item, `Each of ${name}`));
  };
}

/** A list of texts. */
export const texts = listOf(text);

/** An absolute address for a browser. */
export const webAddress: Reader<string> = (value, name) => {
  if (typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new ControlError(`${name} must be an http or https address`);
};

export const milliseconds: Reader<number> = (value, name) => {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 3_600_000) return Number(value);
  throw new ControlError(`${name} must be a whole number of milliseconds, up to an hour`);
};

/** One of the given words. */
export function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value, name) => {
    const word = words.find((known) => known === value);
    if (word === undefined) throw new ControlError(`${name} must be one of ${words.join(', ')}`);
    return word;
  };
}

/** Null, or what the reader reads. */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (value, name) => (value === null ? null : reader(value, name));
}
