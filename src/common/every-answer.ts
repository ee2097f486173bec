import { securityHeaders } from './security-headers.js';
import { type Logger, withoutRedaction } from './logger.js';

/** What the log tells of a request. Never its address: that may hold a code, a state or a link's token. */
export interface RequestRecord {
  requestId: string;
  method: string;
  /** The pattern of the route. */
  route: string;
  status: number;
  milliseconds: number;
}

/** What all answers have in common, whichever way the request went: headers, and one line in the log. */
export class EveryAnswer {
  private readonly fixed: Readonly<Record<string, string>>;
  private readonly flat: readonly string[];
  private readonly log: Logger;

  constructor(production: boolean, logger: Logger) {
    this.fixed = securityHeaders(production);
    this.flat = Object.entries(this.fixed).flat();
    this.log = withoutRedaction(logger);
  }

  /** The security headers, and the id under which the log tells of the request. */
  headers(requestId: string): Record<string, string> {
    return { ...this.fixed, 'x-request-id': requestId };
  }

  /** The same as names and values in turn, as `writeHead` takes them fastest. */
  flatHeaders(requestId: string): string[] {
    return [...this.flat, 'x-request-id', requestId];
  }

  /** Once for each request, after its answer. */
  tell(request: RequestRecord): void {
    this.log.info(request, 'request');
  }
}
