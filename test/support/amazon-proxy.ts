import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface SeenCall {
  path: string;
  /** Of a form body; empty otherwise. */
  form: URLSearchParams;
}

/** Stands between Regrant and Amazon: passes everything on, but answers in Amazon's place where it is told to. */
export class AmazonProxy {
  readonly calls: SeenCall[] = [];
  /** Answers in Amazon's place; undefined passes the call on. */
  intercept: (call: SeenCall) => { status: number; body: object } | undefined = () => undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: string): Promise<AmazonProxy> {
    const server = createServer((request, response) => {
      void (async () => {
        const { method = 'GET', url: path = '/', headers } = request;
        const body = await text(request);
        const call = { path, form: new URLSearchParams(method === 'POST' ? body : '') };
        proxy.calls.push(call);
        const instead = proxy.intercept(call);
        if (instead) {
          response.writeHead(instead.status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(instead.body));
          return;
        }
        const real = await fetch(target + path, {
          method,
          ...(method === 'POST' && { body }),
          headers: {
            'content-type': headers['content-type'] ?? '',
            'x-amz-access-token': String(headers['x-amz-access-token'] ?? ''),
          },
        });
        response.writeHead(real.status, { 'content-type': real.headers.get('content-type') ?? '' });
        response.end(await real.text());
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = new AmazonProxy(server, `http://127.0.0.1:${port}`);
    return proxy;
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
}
