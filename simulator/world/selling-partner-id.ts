/** How a selling partner id is made, to go after "must". */
export const PARTNER_ID_RULE = 'consist of letters, digits, - and _';

/** Whether a value can be a selling partner id: merchant tokens, vendor group codes and the like. */
export function isSellingPartnerId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);
}
