// How long history is kept: what may be typed, and what follows from it.
import type { Retention } from '../api/types';

export const fields = ['minuteDays', 'hourDays', 'dayYears'] as const satisfies readonly (keyof Retention)[];
export type Field = (typeof fields)[number];
export type Typed = Record<Field, string>;

/** The least is the backend's, who refuses less: days are made of hours. The most is what still makes sense. */
export const limits: Record<Field, { least: number; most: number }> = {
  minuteDays: { least: 1, most: 366 },
  hourDays: { least: 2, most: 3660 },
  dayYears: { least: 1, most: 100 },
};

/** What the window of 30 days is drawn from, by the hour. */
export const MONTH_DAYS = 30;

export const typed = (kept: Retention): Typed => ({
  minuteDays: String(kept.minuteDays),
  hourDays: String(kept.hourDays),
  dayYears: String(kept.dayYears),
});

/** The number of a field, null where it is none or not within its limits. What is kept now may stay. */
export function numberIn(field: Field, text: string, kept: Retention): number | null {
  const trimmed = text.trim();
  if (!/^\d{1,9}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  const { least, most } = limits[field];
  return (value >= least && value <= most) || value === kept[field] ? value : null;
}

export function read(text: Typed, kept: Retention): Retention | null {
  const number = (field: Field) => numberIn(field, text[field], kept);
  const [minuteDays, hourDays, dayYears] = [number('minuteDays'), number('hourDays'), number('dayYears')];
  if (minuteDays === null || hourDays === null || dayYears === null) return null;
  return { minuteDays, hourDays, dayYears };
}

/** Less of anything is deleted the moment it is saved. */
export const deletes = (wanted: Retention, kept: Retention): boolean =>
  fields.some((field) => wanted[field] < kept[field]);
