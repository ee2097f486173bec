/** Rows of text and numbers as lines: the first column to the left, the others to the right. */
export function table(head, rows) {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = ([first, ...others]) =>
    [first.padEnd(widths[0]), ...others.map((cell, column) => cell.padStart(widths[column + 1]))].join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const [heading, ...body] = lines.map(text);
  return [heading, rule, ...body].join('\n');
}

export const whole = (value) => Math.round(value).toLocaleString('en-US');
export const decimal = (value, digits = 2) => value.toFixed(digits);
