/** Reads single texts of a query or a form: empty when absent. Null when one of them is repeated. */
export function readTexts<N extends string>(
  parameters: unknown,
  names: readonly N[],
): Record<N, string> | null {
  const values = (parameters ?? {}) as Record<string, unknown>;
  const texts = {} as Record<N, string>;
  for (const name of names) {
    const value = values[name] ?? '';
    if (typeof value !== 'string') return null;
    texts[name] = value;
  }
  return texts;
}
