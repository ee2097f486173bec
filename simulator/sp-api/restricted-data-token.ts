import type { Stage } from '../stage.js';
import { issueToken } from '../world/tokens.js';
import { denied, type SpApiAnswer, spApiError } from './answers.js';
import type { PartnerCall } from './operation.js';

const EXPIRES_IN_SECONDS = 3600;
const MAX_RESOURCES = 50;
const METHODS: unknown[] = ['GET', 'PUT', 'POST', 'DELETE'];

/** Makes a token for personal data of the named resources. */
export function createRestrictedDataToken(
  { world }: Stage,
  { application, partner, region, body }: PartnerCall,
): SpApiAnswer {
  if (partner.region !== region) return denied();
  const problem = findProblem(body);
  if (problem) {
    return spApiError(400, 'InvalidRequest', 'Request is missing or has invalid parameters', problem);
  }
  const { applicationId } = application;
  const { sellingPartnerId } = partner;
  const expiresAt = world.now().getTime() + EXPIRES_IN_SECONDS * 1000;
  const restrictedDataToken = issueToken('Atz.sprdt', { applicationId, sellingPartnerId, expiresAt });
  return { status: 200, body: { restrictedDataToken, expiresIn: EXPIRES_IN_SECONDS } };
}

/** What Amazon's model finds wrong with a request; null for nothing. */
function findProblem(body: unknown): string | null {
  const { restrictedResources: resources, targetApplication } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(resources) || resources.length === 0) return 'Resource not provided.';
  if (resources.length > MAX_RESOURCES) return `More than ${MAX_RESOURCES} resources provided.`;
  if (targetApplication !== undefined && typeof targetApplication !== 'string') {
    return 'Invalid target application.';
  }
  return resources.map(findResourceProblem).find((problem) => problem !== null) ?? null;
}

function findResourceProblem(resource: unknown): string | null {
  const { method, path, dataElements } = (resource ?? {}) as Record<string, unknown>;
  if (!METHODS.includes(method)) return 'Invalid resource method.';
  if (typeof path !== 'string' || !/^\/[^\s?#]+$/.test(path)) return 'Invalid resource path.';
  const elements = dataElements ?? [];
  const texts = Array.isArray(elements) && elements.every((element) => typeof element === 'string');
  return texts ? null : 'Invalid data elements.';
}
