// How bad a condition is, whether somebody knows of it, and from both: what stands where on the page, and the badge.
import type { Condition, ConditionSeverity, Hush } from '../api/types';

export type Grade = ConditionSeverity;
/** The worst first. */
export const grades: readonly Grade[] = ['down', 'degraded', 'notice'];

/** Why nobody is told of it now: what has passed holds no longer, also before the next look says so. */
export function hushOf({ hushed }: Condition, now: number): Hush | null {
  return hushed && 'until' in hushed && hushed.until <= now ? null : hushed;
}

/** The worst first; of equals the latest, which is the one that the person does not know yet. */
function inOrder(a: Condition, b: Condition): number {
  const worse = grades.indexOf(a.severity) - grades.indexOf(b.severity);
  return worse || b.since - a.since || (a.id < b.id ? -1 : 1);
}

export interface Parted {
  /** What wants somebody. */
  open: Condition[];
  /** What somebody knows of. */
  quiet: Condition[];
}

export function parted(conditions: readonly Condition[], now: number): Parted {
  const all = conditions.toSorted(inOrder);
  return {
    open: all.filter((condition) => hushOf(condition, now) === null),
    quiet: all.filter((condition) => hushOf(condition, now) !== null),
  };
}

export interface Tally {
  grade: Grade;
  count: number;
}

/** How many there are of each grade that there is, the worst first. */
export function tally(conditions: readonly Condition[]): Tally[] {
  return grades
    .map((grade) => ({ grade, count: conditions.filter((one) => one.severity === grade).length }))
    .filter(({ count }) => count > 0);
}

export interface Badge {
  /** A notice alone is no reason to look up. */
  grade: Exclude<Grade, 'notice'>;
  count: number;
}

/** What the navigation says: the worst of what nobody knows of. */
export function badge(conditions: readonly Condition[], now: number): Badge | null {
  const [worst] = tally(parted(conditions, now).open);
  return worst && worst.grade !== 'notice' ? { grade: worst.grade, count: worst.count } : null;
}
