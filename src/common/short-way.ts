import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type EveryAnswer } from './every-answer.js';

/** What a POST wants that may be answered at once, as far as its head tells. */
export interface Question {
  /** The pattern of the route, for the log. */
  route: string;
  /** The JSON of a plain yes (200) to this body, '' where there is none; undefined: the long way must tell. */
  answer(body: string): object | undefined;
}

/** Bytes. What is asked all day is far smaller. */
const LARGEST_BODY = 8192;

/**
 * Puts a short way in front of the server's listeners, Fastify's. A request in which `questionOf` finds a question, and
 * which that can answer, never reaches them; all others do as if this were not here: what was read is put back.
 *
 * Only a body that comes in one piece is looked at, and everything is decided when it is here, however long after the
 * head that is. A server that is closing takes no short way: Fastify tells the connections to end.
 */
export function addShortWay(
  server: Server,
  questionOf: (request: IncomingMessage) => Question | undefined,
  every: EveryAnswer,
): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  const longWay: RequestListener = (request, response) => {
    for (const listener of listeners) listener.call(server, request, response);
  };
  server.on('request', (request, response) => {
    const question = attempt(() => questionOf(request));
    const length = question && plainLength(request);
    if (!question || length === undefined) return longWay(request, response);
    const isAnswered = (body: string): boolean =>
      server.listening && answered(question, body, response, every);
    if (length > 0)
      request.once('readable', () => {
        const chunk = request.read() as Buffer | null;
        if (chunk?.length === length && isAnswered(chunk.toString())) return;
        if (chunk) request.unshift(chunk);
        longWay(request, response);
      });
    else if (!isAnswered('')) longWay(request, response);
  });
}

/** Bytes of a small body whose length is told, 0 when there is none; undefined: something else. */
function plainLength({ headers }: IncomingMessage): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  const length = Number(headers['content-length'] ?? 0);
  return length <= LARGEST_BODY ? length : undefined;
}

function answered(question: Question, body: string, response: ServerResponse, every: EveryAnswer): boolean {
  const started = performance.now();
  const answer = attempt(() => question.answer(body));
  if (!answer) return false;
  const json = JSON.stringify(answer);
  const requestId = randomUUID();
  const type = ['content-type', 'application/json; charset=utf-8'];
  const length = ['content-length', String(Buffer.byteLength(json))];
  response.writeHead(200, [...every.flatHeaders(requestId), ...type, ...length]);
  response.end(json);
  const milliseconds = Math.round(performance.now() - started);
  every.tell({ requestId, method: 'POST', route: question.route, status: 200, milliseconds });
  return true;
}

/** Nobody would catch an error here: the long way meets it too, and tells of it. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
