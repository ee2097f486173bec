import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/** What is read of a Swagger 2.0 document. */
interface Swagger {
  definitions: Record<string, unknown>;
  paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  operationId: string;
  parameters?: Parameter[];
  responses: Record<string, { schema?: object; headers?: Record<string, unknown> }>;
}

interface Parameter {
  in: 'body' | 'query' | 'path' | 'header';
  name: string;
  required?: boolean;
  schema?: object;
}

/** A request as it went over the line; the path without the prefix of an endpoint. */
export interface SentRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  contentType: string | null;
  /** Empty for none. */
  body: string;
}

/** An answer as it came over the line. */
export interface ReceivedResponse {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * One of Amazon's own models of its API, as a judge of requests and answers. Stricter than the file in one respect:
 * where a model names the fields of an object, no others are accepted, so that an invented one is seen.
 */
export class AmazonModel {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });
  private readonly swagger: Swagger;

  private constructor(private readonly file: string) {
    this.swagger = closed(JSON.parse(readFileSync(file, 'utf8')) as Swagger);
    addFormats.default(this.ajv);
    this.ajv.addSchema(this.swagger, basename(file));
  }

  /** The model of that file name, wherever it lies below AMAZON_MODELS_DIR. */
  static load(name: string): AmazonModel {
    const folder = process.env['AMAZON_MODELS_DIR'] ?? '';
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const found = files.find((file) => basename(file) === name);
    if (!found) throw new Error(`AMAZON_MODELS_DIR has no file ${name}`);
    return new AmazonModel(join(folder, found));
  }

  /** What is wrong with a request for that operation; empty for nothing. */
  problemsOfRequest(operationId: string, request: SentRequest): string[] {
    const { method, path, operation } = this.find(operationId);
    const parameters = operation.parameters ?? [];
    const known = parameters.filter((parameter) => parameter.in === 'query');
    const names = [...request.query.keys()];
    return [
      ...(request.method === method.toUpperCase() ? [] : [`method ${request.method}`]),
      ...(templateOf(path).test(request.path) ? [] : [`path ${request.path}`]),
      ...names.filter((name) => !known.some((one) => one.name === name)).map((name) => `query has ${name}`),
      ...known
        .filter(({ name, required }) => required && !names.includes(name))
        .map(({ name }) => `query lacks ${name}`),
      ...this.problemsOfRequestBody(method, path, parameters, request),
    ];
  }

  /** What is wrong with an answer of that operation; empty for nothing. */
  problemsOfResponse(operationId: string, { status, headers, body }: ReceivedResponse): string[] {
    const { method, path, operation } = this.find(operationId);
    const expected = operation.responses[status];
    if (!expected) return [`status ${status}`];
    const lacksId = 'x-amzn-RequestId' in (expected.headers ?? {}) && !headers.get('x-amzn-RequestId');
    const content = expected.schema
      ? this.problemsOfJson(['paths', path, method, 'responses', String(status), 'schema'], {
          contentType: headers.get('content-type'),
          body,
        })
      : body === ''
        ? []
        : ['a body where the model has none'];
    return [...(lacksId ? ['x-amzn-RequestId is missing'] : []), ...content];
  }

  private problemsOfRequestBody(
    method: string,
    path: string,
    parameters: Parameter[],
    request: SentRequest,
  ): string[] {
    const index = parameters.findIndex((parameter) => parameter.in === 'body');
    if (index === -1) return request.body === '' ? [] : ['a body where the model has none'];
    return this.problemsOfJson(['paths', path, method, 'parameters', String(index), 'schema'], request);
  }

  private problemsOfJson(
    pointer: string[],
    { contentType, body }: { contentType: string | null; body: string },
  ): string[] {
    if (!contentType?.startsWith('application/json')) return [`content type ${contentType}`];
    const validate = this.validator(pointer);
    if (validate(JSON.parse(body))) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  private validator(pointer: string[]): ValidateFunction {
    const escaped = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
    const reference = `${basename(this.file)}#/${escaped.map(encodeURIComponent).join('/')}`;
    const validate = this.ajv.getSchema(reference);
    if (!validate) throw new Error(`${this.file} has nothing at ${pointer.join(' ')}`);
    return validate;
  }

  private find(operationId: string): { method: string; path: string; operation: Operation } {
    for (const [path, methods] of Object.entries(this.swagger.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.operationId === operationId) return { method, path, operation };
      }
    }
    throw new Error(`${this.file} has no operation ${operationId}`);
  }
}

/** A template like `/orders/{orderId}` as a pattern for whole paths. */
function templateOf(path: string): RegExp {
  const escaped = path.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^/]+')}$`);
}

/** The same document, whose objects accept no fields that it does not name. */
function closed(swagger: Swagger): Swagger {
  const close = (schema: unknown): unknown => {
    if (Array.isArray(schema)) return schema.map(close);
    if (typeof schema !== 'object' || schema === null) return schema;
    const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
    const open = 'properties' in copy && !('additionalProperties' in copy) && !('allOf' in copy);
    return open ? { ...copy, additionalProperties: false } : copy;
  };
  const definitions = close(swagger.definitions) as Swagger['definitions'];
  return { ...swagger, definitions };
}
