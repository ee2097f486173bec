/** How often an operation may be called by one application for one partner: a bucket that refills. */
export interface UsagePlan {
  perSecond: number;
  burst: number;
}

export const USAGE_PLAN_MODES = ['on', 'off'] as const;

/** Counts calls against Amazon's usage plans. */
export class UsagePlans {
  mode: (typeof USAGE_PLAN_MODES)[number] = 'on';
  private readonly buckets = new Map<string, { left: number; at: number }>();

  constructor(private readonly now: () => Date) {}

  reset(): void {
    this.mode = 'on';
    this.buckets.clear();
  }

  /** Takes one call out of the bucket of that key; false when it is empty. */
  take(key: string, { perSecond, burst }: UsagePlan): boolean {
    if (this.mode === 'off') return true;
    const at = this.now().getTime();
    const before = this.buckets.get(key) ?? { left: burst, at };
    const left = Math.min(burst, before.left + ((at - before.at) / 1000) * perSecond);
    const enough = left >= 1;
    this.buckets.set(key, { left: enough ? left - 1 : left, at });
    return enough;
  }
}
