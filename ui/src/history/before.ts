// What was changed just before something broke: the runs before an outage, and the outages after a run.
// It points, and does not judge: that one came before the other is all that is known.
import type { Change, RunState } from '../api/types';
import { isBad, type Row, type Turn } from './timeline';

/** How long before an outage a change is of interest. */
export const BEFORE_MS = 15 * 60_000;
/** What breaks within a minute breaks as one, and is pointed at once. */
const TOGETHER_MS = 60_000;

/** A run as far as it matters here. */
export interface Work {
  id: string;
  change: Change;
  state: RunState;
  startedAt: number;
  finishedAt: number | null;
}
export interface Lead {
  work: Work;
  /** How long before the outage the run had ended, ms; null while it was under way. */
  before: number | null;
}

/** One that was cut off has no end; what it did, it did soon after it began. */
const endOf = ({ state, startedAt, finishedAt }: Work): number =>
  finishedAt ?? (state === 'running' ? Infinity : startedAt);

/** The runs that were under way at an instant or had ended shortly before, the latest first. */
export function leads(at: number, works: readonly Work[]): Lead[] {
  return works
    .filter((work) => work.startedAt <= at && endOf(work) >= at - BEFORE_MS)
    .toSorted((a, b) => b.startedAt - a.startedAt)
    .map((work) => ({ work, before: endOf(work) > at ? null : at - endOf(work) }));
}

/** Whether something broke there, or broke further. */
export const isOutage = (row: Row): row is Turn =>
  row.kind === 'turn' && (row.to === 'down' || (isBad(row.to) && !isBad(row.from)));

/** What to point at, by the row beside which it stands: the first that broke, where several did soon after each other. */
export function pointed(rows: readonly Row[], works: readonly Work[]): Map<Row, Lead[]> {
  const found = new Map<Row, Lead[]>();
  let last: { at: number; runs: string } | null = null;
  // One row of an instant is enough: its first, which is the worst.
  const firsts = rows.filter(isOutage).filter((row, index, all) => all[index - 1]?.at !== row.at);
  for (const row of firsts.toReversed()) {
    const here = leads(row.at, works);
    const runs = here.map(({ work }) => work.id).join();
    const same: boolean = last !== null && row.at - last.at <= TOGETHER_MS && last.runs === runs;
    if (here.length > 0 && !same) found.set(row, here);
    last = { at: row.at, runs };
  }
  return found;
}

/** The outages that began while a run was under way or shortly after it, the first one first. */
export function followed(work: Work, rows: readonly Row[]): Turn[] {
  return rows
    .filter(isOutage)
    .filter(({ at }) => leads(at, [work]).length > 0)
    .toReversed();
}
