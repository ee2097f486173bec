import type { FastifyReply } from 'fastify';

/** HTML that is safe to send: made by `html`, which escapes whatever is put into it. */
export class Markup {
  constructor(readonly text: string) {}
}

type Content = Markup | string | number | null | Content[];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(render).join('');
  return String(content ?? '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Template tag: `html\`<p>${text}</p>\`` with the text escaped. */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Markup {
  return new Markup(String.raw({ raw: parts }, ...contents.map(render)));
}

const STYLE = new Markup(`
  :root { color-scheme: light dark; --text: #1b2733; --soft: #5a6774; --line: #d5dbe1; --page: #f4f6f8;
    --card: #fff; --accent: #0f6f6f; --on-accent: #fff; --warn: #8a4b00; --warn-page: #fff4e0; }
  @media (prefers-color-scheme: dark) { :root { --text: #e6ebf0; --soft: #9fabb7; --line: #34414d;
    --page: #12181e; --card: #1b242c; --accent: #5cc4c0; --on-accent: #08201f; --warn: #ffcf8a; --warn-page: #33260f; } }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
  header { background: var(--card); border-bottom: 1px solid var(--line); }
  header > *, main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
  header a { color: inherit; font-weight: 600; text-decoration: none; }
  h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.75rem 0; } h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
  a { color: var(--accent); } code { font-size: 0.9em; overflow-wrap: anywhere; }
  .soft { color: var(--soft); } .note { background: var(--warn-page); color: var(--warn); padding: 0.6rem 0.9rem;
    border-radius: 0.5rem; } .badge { background: var(--warn-page); color: var(--warn); border-radius: 1rem;
    padding: 0.05rem 0.6rem; font-size: 0.85rem; overflow-wrap: anywhere; margin-right: 0.3rem; }
  fieldset { border: 0; margin: 1.5rem 0; padding: 0; } legend { font-weight: 600; padding: 0; margin-bottom: 0.5rem; }
  .choice { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; background: var(--card); border: 1px solid var(--line);
    padding: 0.6rem 0.9rem; cursor: pointer; margin-top: -1px; } .choice:hover { border-color: var(--accent); }
  .choice:has(:checked) { outline: 2px solid var(--accent); outline-offset: -2px; }
  .choice input { accent-color: var(--accent); flex: none; } .choice .account { flex: 1 1 12rem; }
  .account small { display: block; color: var(--soft); }
  .fields { display: flex; flex-wrap: wrap; gap: 1rem; } .fields label { flex: 1 1 12rem; font-size: 0.9rem; }
  .fields input, .fields select { display: block; width: 100%; margin-top: 0.25rem; padding: 0.55rem; font: inherit;
    color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 0.4rem; }
  .fields button { align-self: end; }
  .buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; position: sticky; bottom: 0; background: var(--page);
    padding: 1rem 0; }
  button, .button { display: inline-block; font: inherit; font-weight: 600; line-height: 1.4; padding: 0.6rem 1.5rem;
    border-radius: 0.4rem; cursor: pointer; border: 1px solid var(--accent); background: transparent;
    color: var(--accent); text-decoration: none; }
  button.primary, .button.primary { background: var(--accent); color: var(--on-accent); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .rows { list-style: none; margin: 1rem 0; padding: 0; } .rows > li { background: var(--card);
    border: 1px solid var(--line); margin-top: -1px; padding: 0.6rem 0.9rem; overflow-wrap: anywhere; }
  .row { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; } .row .account { flex: 1 1 14rem; }
  .actions { display: flex; flex-wrap: wrap; gap: 0.5rem; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; } dt { color: var(--soft); }
  dd { margin: 0; overflow-wrap: anywhere; }
  pre { background: var(--card); border: 1px solid var(--line); padding: 1rem; white-space: pre-wrap;
    overflow-wrap: anywhere; font: inherit; margin: 0; }
  iframe { width: 100%; height: 46rem; border: 1px solid var(--line); background: #fff; color-scheme: light; }
`);

/** Sends a whole page around the given content. */
export function sendPage(reply: FastifyReply, title: string, content: Markup, status = 200): FastifyReply {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <div><a href="/">Amazon simulator</a></div>
        </header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return reply
    .code(status)
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
    )
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page.text);
}
