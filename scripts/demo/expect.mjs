/** Fails the step unless the answer has that status; answers it, so that calls can be chained. */
export function expectStatus(answer, status) {
  if (answer.status === status) return answer;
  const { pathname } = new URL(answer.url);
  throw new Error(`${pathname} answered ${answer.status} instead of ${status}: ${gist(answer.body)}`);
}

/** Fails the step unless `actual` is `expected`. */
export function expectEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)} instead of ${String(expected)}`);
}

/** Fails the step unless the page contains the text. */
export function expectText(page, text) {
  if (page.body.includes(text)) return;
  throw new Error(`${new URL(page.url).pathname} does not say "${text}": ${gist(page.body)}`);
}

function gist(body) {
  if (typeof body !== 'string') return body.detail ?? body.error_description ?? JSON.stringify(body);
  const main = /<main[\s\S]*<\/main>/.exec(body)?.[0] ?? body;
  const text = main.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  return text.trim().slice(0, 200);
}
