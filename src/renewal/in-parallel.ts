/**
 * Does something with every item, at most `limit` at a time; the first failure ends it once what is under way has
 * ended.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  // All of them take from one iterator, so each item is taken once.
  const worker = async (): Promise<void> => {
    for (const item of rest) await action(item);
  };
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failed = ended.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
