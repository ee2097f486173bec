import { Eta } from 'eta';
import { fileURLToPath } from 'node:url';
import { joinLines, wrap } from './wrap.js';

/** What a template says, still without a form. */
export interface Letter {
  subject: string;
  title: string;
  blocks: Block[];
}

type Block =
  | { kind: 'paragraph' | 'small'; text: string }
  | { kind: 'facts'; rows: { label: string; value: string }[] }
  | { kind: 'list'; items: string[] }
  | { kind: 'button'; label: string; url: string };

const BEGIN = '\u2068';
const END = '\u2069';
/** A value, told apart from the words around it: it is escaped, and its direction of writing is its own. */
const VALUE = new RegExp(`${BEGIN}([^${END}]*)${END}`, 'g');

const eta = new Eta({
  views: fileURLToPath(new URL('./templates', import.meta.url)),
  cache: true,
  autoTrim: false,
  escapeFunction: (value: unknown) => {
    if (value === undefined || value === null) throw new Error('a mail template names what is not there');
    // eslint-disable-next-line @typescript-eslint/no-base-to-string
    return BEGIN + String(value).replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ') + END;
  },
});

/**
 * Reads `templates/<template>/<language>.eta`: a line `Subject: …`, a line `# …` with the title, then blocks between
 * empty lines. A block is a paragraph, `> ` small print, `| label: | value` lines of facts, `- ` lines of a list, or
 * `[label](url)` alone: the one button. `<%= %>` inserts a value, which can never become markup.
 */
export function readLetter(template: string, language: string, facts: object): Letter {
  const [head = '', ...rest] = eta
    .render(`/${template}/${language}`, facts)
    .trim()
    .split(/\n{2,}/);
  const [, subject, title] = /^Subject: (.+)\n# (.+)$/.exec(head) ?? [];
  if (!subject || !title)
    throw new Error(`the mail template ${template}/${language} has no subject or title`);
  return { subject: plain(subject), title, blocks: rest.map(readBlock) };
}

function readBlock(block: string): Block {
  const lines = block.split('\n').map((line) => line.trim());
  const button = /^\[([^\]]+)\]\((.+)\)$/.exec(block);
  if (button) return { kind: 'button', label: plain(button[1] ?? ''), url: plain(button[2] ?? '') };
  if (block.startsWith('| ')) return { kind: 'facts', rows: lines.map((line) => readFact(line)) };
  if (block.startsWith('- ')) return { kind: 'list', items: lines.map((line) => line.slice(2)) };
  if (block.startsWith('> ')) return { kind: 'small', text: joinLines(lines.map((line) => line.slice(2))) };
  return { kind: 'paragraph', text: joinLines(lines) };
}

function readFact(line: string): { label: string; value: string } {
  const [, label = '', value = ''] = /^\| (.+?) \| (.+)$/.exec(line) ?? [];
  return { label, value };
}

/** For a terminal: at most 72 columns, each link on a line of its own. */
export function toText({ title, blocks }: Letter, publicUrl: string): string {
  return `${[wrap(plain(title)), ...blocks.map(blockAsText), `-- \nRegrant, ${publicUrl}`].join('\n\n')}\n`;
}

function blockAsText(block: Block): string {
  switch (block.kind) {
    case 'facts':
      return block.rows.map(({ label, value }) => wrap(`${label} ${plain(value)}`)).join('\n');
    case 'list':
      return block.items.map((item) => wrap(`- ${plain(item)}`, 70).replace(/\n/g, '\n  ')).join('\n');
    case 'button':
      return `${block.label}\n${block.url}`;
    case 'small':
    case 'paragraph':
      return wrap(plain(block.text));
  }
}

/** The parts of the HTML between head and foot, for `layout.eta`. */
export function toHtml({ title, blocks }: Letter): string {
  return [`<h1>${inline(title)}</h1>`, ...blocks.map(blockAsHtml)].join('\n');
}

function blockAsHtml(block: Block): string {
  switch (block.kind) {
    case 'facts': {
      const rows = block.rows.map(
        ({ label, value }) => `<dt>${escape(label)}</dt>\n<dd>${inline(value)}</dd>`,
      );
      return `<dl>\n${rows.join('\n')}\n</dl>`;
    }
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${inline(item)}</li>`).join('\n')}\n</ul>`;
    case 'button': {
      const href = `href="${escape(block.url)}"`;
      return (
        `<p><a class="button" ${href}>${escape(block.label)}</a></p>\n` +
        `<p class="small address" dir="ltr"><a ${href}>${escape(block.url)}</a></p>`
      );
    }
    case 'small':
    case 'paragraph':
      return `<p${block.kind === 'small' ? ' class="small"' : ''}>${inline(block.text)}</p>`;
  }
}

const plain = (text: string): string => text.replace(VALUE, '$1');

/** Words escaped; values escaped and isolated, so that an id in Latin letters stays whole in a line of Arabic. */
const inline = (text: string): string => escape(text).replace(VALUE, '<bdi>$1</bdi>');

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
