import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ApplicationsService } from '../applications/applications.service.js';
import { NotFound } from '../common/errors.js';
import { isUuid } from '../common/validation.js';
import { type Region } from '../config/config.js';
import { Signals } from '../signals/signals.js';
import { AuthorizationsService } from './authorizations.service.js';

/** How a program names an authorization whose id it does not know. */
export interface PartnerName {
  sellingPartnerId: string;
  region: Region;
  /** Our id of the application or Amazon's; needed only where the program may use several. */
  applicationId?: string;
}

const REMEMBERED_NAMES = 100_000;

/**
 * Finds the id of an authorization by the partner it is for. What was found is remembered, and believed while changes
 * of other replicas are heard: it is another one only when an application comes, goes or is called otherwise, or a
 * grant moves to another region. What was not there is looked for again every time.
 */
@Injectable()
export class PartnerLookup {
  private readonly found = new LRUCache<string, string>({ max: REMEMBERED_NAMES });
  /** Counts what was heard: what was read before a change must not be remembered after it. */
  private changes = 0;

  constructor(
    private readonly applications: ApplicationsService,
    private readonly authorizations: AuthorizationsService,
    private readonly signals: Signals,
  ) {
    signals.listen('names', { heard: () => this.forgetAll(), missed: () => this.forgetAll() });
  }

  /**
   * @param applicationIds the applications that the program is limited to; null: none in particular
   * @throws InvalidRequest when no application is named and there are several, NotFound also for what the program may
   * not use
   */
  async idOf(name: PartnerName, applicationIds: readonly string[] | null): Promise<string> {
    const { sellingPartnerId, region, applicationId } = name;
    const place = [applicationIds?.join() ?? 'all', applicationId, sellingPartnerId, region].join(' ');
    const known = this.signals.current ? this.found.get(place) : undefined;
    if (known) return known;
    const changes = this.changes;
    const id = await this.find(name, applicationIds);
    if (changes === this.changes) this.found.set(place, id);
    return id;
  }

  private async find(
    { sellingPartnerId, region, applicationId: named }: PartnerName,
    applicationIds: readonly string[] | null,
  ): Promise<string> {
    const applicationId = await this.applicationOf(named, applicationIds);
    const usable = applicationId && (!applicationIds || applicationIds.includes(applicationId));
    const found = usable
      ? await this.authorizations.byGrant({ applicationId, sellingPartnerId, region })
      : undefined;
    if (found) return found.id;
    throw new NotFound(
      'There is no authorization of this selling partner in that region, for an application that this API key may use.',
    );
  }

  private async applicationOf(
    named: string | undefined,
    applicationIds: readonly string[] | null,
  ): Promise<string | undefined> {
    if (!named) return (await this.applications.named(undefined, applicationIds)).id;
    if (isUuid(named)) return named.toLowerCase();
    return (await this.applications.byAmazonId(named))?.id;
  }

  private forgetAll(): void {
    this.changes++;
    this.found.clear();
  }
}
