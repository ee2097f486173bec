import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';

interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  operationId: string;
  security?: Record<string, string[]>[];
  parameters: { name: string; in: string }[];
  requestBody?: unknown;
  responses: Record<string, { description: string; content?: Record<string, { schema: { $ref: string } }> }>;
}
interface Document {
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

describe('The OpenAPI document', () => {
  let app: TestApp;
  let document: Document;
  let operations: { name: string; operation: Operation }[];

  beforeAll(async () => {
    app = await startTestApp();
    document = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as Document;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
    );
  });
  afterAll(() => app.stop());

  /** The names of the operations for which `holds` is false. */
  const without = (holds: (operation: Operation, name: string) => boolean): string[] =>
    operations.filter(({ name, operation }) => !holds(operation, name)).map(({ name }) => name);

  it('names a server that leads here whatever port and name we are reached by', async () => {
    const [server] = document.servers;
    const base = new URL(server?.url ?? 'http://nowhere.invalid', `${app.url}/api/openapi.json`);
    expect((await fetch(new URL('health/live', base))).status).toBe(200);
  });

  it('says of every route in a line what it does, and groups it', () => {
    expect(operations.length).toBeGreaterThanOrEqual(7);
    expect(without(({ summary }) => /^[A-Z].{5,100}[^.]$/.test(summary ?? ''))).toEqual([]);
    expect(without(({ tags }) => tags?.length === 1)).toEqual([]);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says of every route under /api which scope it requires, and how those without it are refused', () => {
    const guarded = operations.filter(({ name }) => name.includes(' /api/'));
    for (const { name, operation } of guarded) {
      const problems = [401, 403, 500, 503].map((status) => operation.responses[status]?.content);
      expect({ name, ...operation, problems }).toMatchObject({
        name,
        security: expect.arrayContaining([{ bearer: [] }]),
        description: expect.stringMatching(/needs the scope `\w+:\w+`\.$/),
        problems: Array(4).fill({
          'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemModel' } },
        }),
      });
    }
  });

  it('lists for every route its answers: what succeeds, what is bad input, and what is not there', () => {
    const described = ({ responses }: Operation, status: RegExp) =>
      Object.entries(responses).some(([code, { description }]) => status.test(code) && description !== '');
    expect(without((operation) => described(operation, /^2/))).toEqual([]);
    expect(
      without((operation) => {
        const hasInput = operation.parameters.length > 0 || operation.requestBody !== undefined;
        return !hasInput || described(operation, /^400$/);
      }),
    ).toEqual([]);
    expect(without((operation, name) => !name.includes('{') || described(operation, /^404$/))).toEqual([]);
    expect(
      without(({ responses }) => Object.values(responses).every(({ description }) => description)),
    ).toEqual([]);
  });

  it('shows errors of the LWA-compatible endpoint in the form that SDKs know', () => {
    const operation = document.paths['/auth/o2/token']?.['post'];
    for (const status of ['400', '401', '429', '500', '503'])
      expect(operation?.responses[status]?.content?.['application/json']?.schema.$ref).toMatch(
        /LwaProblemModel$/,
      );
  });
});
