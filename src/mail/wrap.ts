/** Characters that take two columns of a terminal: CJK, kana, full-width forms. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/;
/** Japanese breaks anywhere except before these. */
const NOT_FIRST = /[、。，．・：；？！」』）】〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々]/;
const NOT_LAST = /[「『（【〈《]/;

export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/** The text in lines of at most `columns`, as a terminal counts them; what cannot be broken, such as a URL, may be longer. */
export function wrap(text: string, columns = 72): string {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces(text)) {
    if (line && displayWidth(line + piece.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** The smallest parts between which a line may end. */
function pieces(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let last = '';
  for (const character of text) {
    const afterSpace = last === ' ' && character !== ' ';
    const aroundWide = last !== '' && character !== ' ' && (WIDE.test(last) || WIDE.test(character));
    if (afterSpace || (aroundWide && !NOT_FIRST.test(character) && !NOT_LAST.test(last))) {
      parts.push(part);
      part = '';
    }
    part += character;
    last = character;
  }
  return [...parts, part];
}

/** Joins lines of a paragraph as they stand in a file: no space between characters of scripts that have none. */
export function joinLines(lines: readonly string[]): string {
  return lines.reduce((joined, line) =>
    WIDE.test(joined.at(-1) ?? '') && WIDE.test(line[0] ?? '') ? joined + line : `${joined} ${line}`,
  );
}
