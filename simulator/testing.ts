import { createSimulator, type SimulatorAddress } from './simulator.js';

/** The application of every new world. */
export const APPLICATION = {
  applicationId: 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001',
  clientId: 'amzn1.application-oa2-client.51a7e0000000000000000000000000a1',
  clientSecret: 'amzn1.oa2-cs.v1.51a7e00000000000000000000000000000000000000000000000000000000000a1',
};

/** An answer with its body read. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** A running simulator for a spec, with short ways to talk to it. */
export interface TestSimulator extends SimulatorAddress {
  /** Calls the control API, or anything else that speaks JSON. */
  json<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  /** Asks for tokens as the default application, unless the parameters say otherwise. */
  token<T = Record<string, string>>(parameters: Record<string, string>): Promise<Answer<T>>;
  /** An authorization code of the default application. */
  code(sellingPartnerId: string): Promise<string>;
  /** A refresh token of the default application. */
  refreshToken(sellingPartnerId: string): Promise<string>;
  /** An access token of the default application for a partner. */
  accessToken(sellingPartnerId: string): Promise<string>;
  /** Moves the simulator's clock, which stands still otherwise. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
}

/** Starts a simulator on free ports. */
export async function startSimulator(): Promise<TestSimulator> {
  let time = Date.parse('2026-01-01T00:00:00Z');
  const simulator = createSimulator({ port: 0, smtpPort: 0, now: () => new Date(time) });
  const address = await simulator.listen();
  const { applicationId, clientId, clientSecret } = APPLICATION;

  async function json<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const init =
      body === undefined
        ? { headers }
        : { body: JSON.stringify(body), headers: { ...JSON_HEADERS, ...headers } };
    return readAnswer<T>(await fetch(address.url + path, { method, ...init }));
  }

  async function token<T>(parameters: Record<string, string>): Promise<Answer<T>> {
    const all = { client_id: clientId, client_secret: clientSecret, ...parameters };
    const body = new URLSearchParams(all);
    return readAnswer<T>(await fetch(`${address.url}/auth/o2/token`, { method: 'POST', body }));
  }

  async function granted(path: string, sellingPartnerId: string): Promise<Record<string, string>> {
    const answer = await json<Record<string, string>>('POST', path, { applicationId, sellingPartnerId });
    return answer.body;
  }

  const refreshToken = async (id: string) => (await granted('/_simulator/grants', id))['refreshToken'] ?? '';

  async function accessToken(id: string): Promise<string> {
    const grant = { grant_type: 'refresh_token', refresh_token: await refreshToken(id) };
    return (await token<Record<string, string>>(grant)).body['access_token'] ?? '';
  }

  return {
    ...address,
    json,
    token,
    code: async (id) => (await granted('/_simulator/codes', id))['code'] ?? '',
    refreshToken,
    accessToken,
    advance: (milliseconds) => (time += milliseconds),
    close: () => simulator.close(),
  };
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** The body as JSON where it says so, else as text. */
async function readAnswer<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : text) as T,
  };
}
