import { randomBytes, randomUUID } from 'node:crypto';
import { API_KEY, type TestApp } from './app.js';
import { api } from './people.js';
import { type Simulator } from './simulator.js';

export interface ApplicationAnswer {
  id: string;
  applicationId: string;
  name: string;
  lwaClientId: string;
  clientSecrets: { id: string; createdAt: string; expiresAt: string; current: boolean }[];
  usage: Record<string, { used: number; limit: number | null }>;
  warnings: string[];
  credentialsRejectedAt: string | null;
}

/** What an operator enters for an application that nobody has yet. */
export const newApplication = () => ({
  applicationId: `amzn1.sp.solution.${randomUUID()}`,
  name: 'Warehouse',
  type: 'public',
  lwaClientId: `amzn1.application-oa2-client.${randomBytes(16).toString('hex')}`,
  clientSecret: randomSecret(),
});

export const randomSecret = (): string => `amzn1.oa2-cs.v1.${randomBytes(32).toString('hex')}`;

/** An application that Amazon and the service know. */
export async function addApplication(app: TestApp, simulator: Simulator, change: object = {}) {
  const fields = { ...newApplication(), ...change };
  const { lwaClientId: clientId, clientSecret, name } = fields;
  await simulator.application({ clientId, clientSecrets: [clientSecret], name }, fields.applicationId);
  const { body } = await api<ApplicationAnswer>(app.url, 'POST', '/api/v1/applications', { body: fields });
  return { ...fields, ...body };
}

/** Another API key, like the first one but for what is stated (columns of its row). */
export async function addKey(app: TestApp, change: Record<string, unknown>): Promise<string> {
  const clientId = `rgk_${randomUUID().replaceAll('-', '')}`;
  await app.database.query(
    `INSERT INTO api_keys SELECT (json_populate_record(k, $1)).* FROM api_keys k WHERE client_id = $2`,
    [JSON.stringify({ ...change, id: randomUUID(), client_id: clientId }), API_KEY.split('.')[0]],
  );
  return `${clientId}.${API_KEY.split('.')[1]}`;
}
