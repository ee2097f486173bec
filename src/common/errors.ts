/** Stable codes of the HTTP API; programs switch on them. */
export const ERROR_CODES = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'reauthorization_required',
  'disconnected',
  'application_credentials_rejected',
  'amazon_unavailable',
  'rate_limited',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface FieldProblem {
  path: string;
  message: string;
}

interface ErrorDetails {
  /** Bad fields of the input. */
  errors?: FieldProblem[];
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number;
  /** For a page: what the reader can do next, and one link that does it. */
  advice?: string;
  action?: { label: string; href: string };
  /** The `error` of LWA's form, where our code alone would say too little. */
  lwaError?: string;
  cause?: unknown;
}

/**
 * A failure that we expect and can name. `message` is written for whoever called us and holds no secret;
 * the one filter turns it into problem+json or a page. Services throw these, never HTTP exceptions.
 */
export class RegrantError extends Error {
  readonly errors: FieldProblem[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly advice: string | undefined;
  readonly action: { label: string; href: string } | undefined;
  readonly lwaError: string | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly status: number,
    readonly title: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = new.target.name;
    this.errors = details.errors;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.advice = details.advice;
    this.action = details.action;
    this.lwaError = details.lwaError;
  }

  /** The level to log it at: `error` means that somebody must act. */
  get level(): 'debug' | 'warn' | 'error' {
    if (this.code === 'application_credentials_rejected' || this.code === 'internal') return 'error';
    return this.status >= 500 ? 'warn' : 'debug';
  }
}

export class InvalidRequest extends RegrantError {
  constructor(message: string, errors?: FieldProblem[], details: ErrorDetails = {}) {
    super('invalid_request', 400, 'The request is not valid', message, { ...details, errors });
  }
}

export class Unauthenticated extends RegrantError {
  constructor(message = 'A valid API key is required: Authorization: Bearer <clientId>.<clientSecret>') {
    super('unauthenticated', 401, 'Not authenticated', message);
  }
}

export class Forbidden extends RegrantError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('forbidden', 403, 'Not allowed', message, details);
  }
}

export class NotFound extends RegrantError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('not_found', 404, 'Not found', message, details);
  }
}

export class Conflict extends RegrantError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('conflict', 409, 'Conflict', message, details);
  }
}

export class RateLimited extends RegrantError {
  constructor(message: string, retryAfterSeconds: number) {
    super('rate_limited', 429, 'Too many attempts', message, { retryAfterSeconds });
  }
}

/** Something of ours that the request needs (the database, mostly) does not answer right now. */
export class Unavailable extends RegrantError {
  constructor(cause?: unknown) {
    super('internal', 503, 'Regrant is not available right now', 'The service cannot reach its database.', {
      retryAfterSeconds: 5,
      advice: 'Nothing was changed. Please try again in a minute.',
      cause,
    });
  }
}
