import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';

const DAY_SECONDS = 86_400;

/**
 * How long after Amazon's last word on a grant it is asked again, in seconds: somewhere between these, so that what was
 * stored together does not come back together. `unseen`: nobody has tried the token yet.
 */
const REST = {
  active: [4 * DAY_SECONDS, 7 * DAY_SECONDS],
  reauthorization_required: [DAY_SECONDS, 1.1 * DAY_SECONDS],
  unseen: [0, DAY_SECONDS],
} as const;
/** When a probe that brought no word of Amazon is repeated, in seconds. */
const AGAIN = [1_800, 5_400] as const;
/** And while Amazon refuses the whole application. */
const REFUSED = [6 * 3_600, DAY_SECONDS] as const;

/** When Amazon is to be asked about a grant if by then nobody else has asked. */
export function probeAfter(last: Date, as: keyof typeof REST): Date {
  const [least, most] = REST[as];
  return new Date(last.getTime() + (least + Math.random() * (most - least)) * 1000);
}

export interface DueProbe {
  id: string;
  applicationId: string;
}

/**
 * Which authorizations Amazon has not been asked about for long. `probeAt` stands in an index and is only a moment to
 * look: whoever vends need not move it, as the look finds `lastCheckedAt` and sets the next one. So an authorization
 * costs one look in some days, and the others none.
 */
@Injectable()
export class DueProbes {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Looks at up to `limit` authorizations whose moment has come, sets their next one, and answers those that are to be
   * probed now; no other replica gets them meanwhile. Whoever takes one and dies has only delayed it.
   */
  async take(limit: number): Promise<{ looked: number; due: DueProbe[] }> {
    const [rows] = await this.dataSource.query<[(DueProbe & { idle: boolean })[], number]>(TAKE, [
      this.clock.now(),
      limit,
    ]);
    return { looked: rows.length, due: rows.filter(({ idle }) => idle) };
  }
}

const between = ([least, most]: readonly [number, number] | readonly [string, string]): string =>
  `make_interval(secs => ${least} + random() * (${most} - ${least}))`;

/** While an application is refused, only the one call in a while that its breaker lets through is worth a probe. */
const TAKE = `
  WITH looked AS (
    SELECT a.id,
      NOT refused.now AND rest.idle AS idle,
      CASE
        WHEN refused.now THEN $1 + ${between(REFUSED)}
        WHEN rest.idle THEN $1 + ${between(AGAIN)}
        ELSE a.last_checked_at + ${between(['rest.least', 'rest.most'])}
      END AS next
    FROM authorizations a
    JOIN applications application ON application.id = a.application_id
    CROSS JOIN LATERAL (
      SELECT coalesce(application.credentials_rejected_at IS NOT NULL AND application.credentials_probe_at > $1, false) AS now
    ) refused
    CROSS JOIN LATERAL (
      SELECT least, most, coalesce(a.last_checked_at + make_interval(secs => least) <= $1, true) AS idle
      FROM (VALUES
        ('active', ${REST.active.join(', ')}),
        ('reauthorization_required', ${REST.reauthorization_required.join(', ')})
      ) AS each (status, least, most)
      WHERE each.status = a.status
    ) rest
    WHERE a.probe_at <= $1
    ORDER BY a.probe_at
    LIMIT $2
    FOR UPDATE OF a SKIP LOCKED
  )
  UPDATE authorizations SET probe_at = looked.next
  FROM looked WHERE authorizations.id = looked.id
  RETURNING authorizations.id, authorizations.application_id AS "applicationId", looked.idle`;
