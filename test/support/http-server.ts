import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';

export interface Reply {
  status: number;
  body: unknown;
  contentType?: string;
}

/** A JSON server of the tests on a free port of 127.0.0.1, which can be shut and opened again at the same address. */
export class JsonServer {
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly answer: (request: IncomingMessage, body: string) => Reply) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { status, body, contentType } = this.answer(request, Buffer.concat(chunks).toString());
        response.writeHead(status, { 'content-type': contentType ?? 'application/json' });
        response.end(JSON.stringify(body));
      });
    }).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as { port: number }).port;
  }

  async shut(): Promise<void> {
    if (!this.server?.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
