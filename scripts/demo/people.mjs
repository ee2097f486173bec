/** The seller of the demo. */
export const EMAIL = 'ada@example.com';
export const PASSWORD = 'a lantern above the harbour';
