interface Field {
  from: number;
  to: number;
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const MINUTE: Field = { from: 0, to: 59 };
const HOUR: Field = { from: 0, to: 23 };
const DAY: Field = { from: 1, to: 31 };
const MONTH: Field = { from: 1, to: 12, names: MONTHS };
const WEEKDAY: Field = { from: 0, to: 7, names: WEEKDAYS };

/** Whether this is a schedule in five fields of cron that comes round at all (the 31st of February does not). */
export function isSchedule(value: string): boolean {
  const fields = value.trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  if (fields.length !== 5) return false;
  const days = valuesOf(day, DAY);
  const months = valuesOf(month, MONTH);
  const others = [valuesOf(minute, MINUTE), valuesOf(hour, HOUR), valuesOf(weekday, WEEKDAY)];
  if (!days || !months || others.includes(undefined)) return false;
  return weekday !== '*' || months.some((number) => Math.min(...days) <= (DAYS_OF_MONTH[number - 1] ?? 0));
}

// All values that a field stands for, such as `1-5`, `*/15` or `mon,wed`; undefined when it is none.
function valuesOf(text: string, field: Field): number[] | undefined {
  const parts = text.split(',').map((part) => rangeOf(part, field));
  return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);
}

function rangeOf(part: string, { from, to, names }: Field): number[] | undefined {
  const [, range = '', step = '1'] = /^([^/]+)(?:\/([1-9]\d?))?$/.exec(part) ?? [];
  const [first = '', last = first, ...rest] = range === '*' ? [String(from), String(to)] : range.split('-');
  const start = numberOf(first, from, names);
  // A step after a single number goes on to the end of the field.
  const end = part.includes('/') && !/[-*]/.test(range) ? to : numberOf(last, from, names);
  if (rest.length || !(start >= from && end <= to && start <= end)) return undefined;
  const count = Math.floor((end - start) / Number(step)) + 1;
  return Array.from({ length: count }, (_, index) => start + index * Number(step));
}

/** NaN when it is no number and no name of the field. */
function numberOf(text: string, from: number, names: readonly string[] = []): number {
  const index = names.indexOf(text.toLowerCase());
  if (index >= 0) return index + from;
  return /^\d{1,2}$/.test(text) ? Number(text) : NaN;
}
