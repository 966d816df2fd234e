// For how long: until when somebody is not reminded, and until when something is being worked on. All in unix ms.
const HOUR = 3_600_000;

export const snoozes = ['hour', 'hours', 'tomorrow'] as const;
export type Snooze = (typeof snoozes)[number];

/** When people look at their homelab again, on this computer's clock. */
const MORNING = 8;

export function snoozedUntil(snooze: Snooze, now: number): number {
  if (snooze !== 'tomorrow') return now + (snooze === 'hour' ? 1 : 8) * HOUR;
  const day = new Date(now);
  // By the calendar, since a day in which the clock is changed has no 24 hours.
  day.setDate(day.getDate() + 1);
  return day.setHours(MORNING, 0, 0, 0);
}

export const spans = ['hour', 'hours', 'day', 'open'] as const;
export type Span = (typeof spans)[number];

/** The backend wants a moment; this one nobody lives to see, and every calendar still has it. */
const NEVER = Date.UTC(9999, 0, 1);

export function workedOnUntil(span: Span, now: number): number {
  return span === 'open' ? NEVER : now + { hour: 1, hours: 4, day: 24 }[span] * HOUR;
}

/** Until somebody ends it. */
export const isOpen = (until: number): boolean => until >= NEVER;
