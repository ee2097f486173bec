import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What Regrant sent to Amazon. */
export interface SeenCall {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage['headers'];
  /** Empty for none. */
  body: string;
  /** Of a form body; empty otherwise. */
  form: URLSearchParams;
}

/** Headers that belong to one connection, or to a body that was encoded for it. */
const OF_THE_CONNECTION = [
  'connection',
  'keep-alive',
  'host',
  'transfer-encoding',
  'content-length',
  'content-encoding',
];

/** Stands between Regrant and Amazon: passes everything on, but answers in Amazon's place where it is told to. */
export class AmazonProxy {
  readonly calls: SeenCall[] = [];
  /** Answers in Amazon's place, or breaks the connection off; undefined passes the call on. */
  intercept: (
    call: SeenCall,
  ) => { status: number; body: object; headers?: Record<string, string> } | 'hang up' | undefined = () =>
    undefined;
  private readonly server: Server;

  private constructor(private readonly target: string) {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(target: string): Promise<AmazonProxy> {
    const proxy = new AmazonProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Settings that let Regrant's own calls come through here. */
  get settings(): Record<string, string> {
    return {
      LWA_TOKEN_URL: `${this.url}/auth/o2/token`,
      SPAPI_ENDPOINT_NA: `${this.url}/na`,
      SPAPI_ENDPOINT_EU: `${this.url}/eu`,
      SPAPI_ENDPOINT_FE: `${this.url}/fe`,
    };
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await read(request);
    this.calls.push(call);
    const instead = this.intercept(call);
    if (instead === 'hang up') return void response.destroy();
    if (instead) {
      response.writeHead(instead.status, { 'content-type': 'application/json', ...instead.headers });
      response.end(JSON.stringify(instead.body));
      return;
    }
    const { method, path, headers, body } = call;
    const real = await fetch(this.target + path, {
      method,
      headers: passedOn(Object.entries(headers)),
      ...(body !== '' && { body }),
      redirect: 'manual',
    });
    response.writeHead(real.status, passedOn([...real.headers]));
    response.end(await real.text());
  }
}

async function read(request: IncomingMessage): Promise<SeenCall> {
  const { method = 'GET', url: path = '/', headers } = request;
  const body = await text(request);
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return { method, path, headers, body, form: new URLSearchParams(isForm ? body : '') };
}

function passedOn(headers: [string, string | string[] | undefined][]): Record<string, string> {
  const kept = headers.filter(([name, value]) => value !== undefined && !OF_THE_CONNECTION.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
