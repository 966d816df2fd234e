// The timeline as it is told: what one look saw as few sentences, each outage with its end, and all of it by days.
// Which runs came before an outage is in before.ts; words are in words.ts.
import type {
  Change,
  Health,
  HealthChange,
  Problem,
  RunState,
  SeenBy,
  Timeline,
  TimelineEntry,
} from '../api/types';

/** What of the timeline is shown. */
export const shows = ['all', 'outages', 'runs'] as const;
export type Show = (typeof shows)[number];

/** Everything that went the same way in one look, for the same reason. */
export interface Turn {
  kind: 'turn';
  at: number;
  from: Health;
  to: Health;
  reason: Problem | null;
  by: SeenBy;
  subjects: string[];
  /** How long it was not well, where this is the end of that. */
  lasted: number | null;
  /** Nobody watched for a part of it, so that it may have ended earlier. */
  atMost: boolean;
  /** It has not ended. */
  open: boolean;
}
export interface RunRow {
  kind: 'run';
  at: number;
  run: string;
  change: Change;
  state: RunState;
  finishedAt: number | null;
}
export interface Gap {
  kind: 'gap';
  at: number;
  from: number;
  /** How much of it the watcher in the cluster saw, ms. */
  watched: number;
}
export type Row = Turn | RunRow | Gap;
export interface Day {
  /** Local midnight, unix ms. */
  start: number;
  rows: Row[];
}

export const isBad = (health: Health): boolean => health === 'down' || health === 'degraded';

/** Where an entry stands: a run where it began, a gap where it ended. */
export function atOf(entry: TimelineEntry): number {
  if (entry.kind === 'health') return entry.change.at;
  return entry.kind === 'run' ? entry.startedAt : entry.until;
}

/**
 * A newer first page over what was loaded before. Where nothing says that they touch, what lies between is unknown,
 * and the older part goes.
 */
export function renewed(known: Timeline | null, fresh: Timeline): Timeline {
  const [newest] = known?.entries ?? [];
  if (!known || !newest || fresh.next === null || atOf(newest) < fresh.next) return fresh;
  const end = fresh.next;
  return {
    entries: [...fresh.entries, ...known.entries.filter((entry) => atOf(entry) < end)],
    next: known.next === null ? null : Math.min(known.next, end),
  };
}

/** An entry for each thing that happened, newest first; the worst of one instant comes first. */
export function rowsOf(entries: readonly TimelineEntry[]): Row[] {
  const turns = new Map<string, Turn>();
  const told = outages(entries);
  const rows: Row[] = [];
  for (const entry of entries) {
    if (entry.kind === 'run') {
      const { run, change, state, startedAt, finishedAt } = entry;
      rows.push({ kind: 'run', at: startedAt, run, change, state, finishedAt });
    } else if (entry.kind === 'gap') {
      rows.push({ kind: 'gap', at: entry.until, from: entry.from, watched: entry.watched });
    } else {
      const { at, from, to, reason, by, subject } = entry.change;
      const key = JSON.stringify([at, from, to, by, reason?.code, reason?.args]);
      const own = told.get(entry.change) ?? { lasted: null, atMost: false, open: false };
      const turn = turns.get(key);
      if (turn) {
        turn.subjects.push(subject);
        // Those that came back together may have gone one after the other; the first one says how long it was.
        if (own.lasted !== null && own.lasted > (turn.lasted ?? 0)) turn.lasted = own.lasted;
        turn.atMost ||= own.atMost;
        turn.open ||= own.open;
      } else {
        const made: Turn = { kind: 'turn', at, from, to, reason, by, subjects: [subject], ...own };
        turns.set(key, made);
        rows.push(made);
      }
    }
  }
  return rows.sort((a, b) => b.at - a.at || rank(a) - rank(b));
}

/** Of one instant: what was seen then, the gap before it, and what was begun; as the backend orders them. */
function rank(row: Row): number {
  if (row.kind !== 'turn') return row.kind === 'gap' ? 4 : 5;
  return ['down', 'degraded', 'unknown', 'up'].indexOf(row.to);
}

interface Told {
  lasted: number | null;
  atMost: boolean;
  open: boolean;
}

/** For each change what it ends, or whether it began something that goes on. */
function outages(entries: readonly TimelineEntry[]): Map<HealthChange, Told> {
  // What the watcher saw all along began and ended when it says so; between two of its answers is a minute.
  const gaps = entries.filter(
    (entry) => entry.kind === 'gap' && entry.until - entry.from - entry.watched > 60_000,
  ) as Extract<TimelineEntry, { kind: 'gap' }>[];
  const changes = entries.flatMap((entry) => (entry.kind === 'health' ? [entry.change] : []));
  const since = new Map<string, HealthChange>();
  const told = new Map<HealthChange, Told>();
  for (const change of changes.toSorted((a, b) => a.at - b.at)) {
    const began = since.get(change.subject);
    if (isBad(change.to)) since.set(change.subject, isBad(change.from) && began ? began : change);
    else since.delete(change.subject);
    if (change.to !== 'up' || !began) continue;
    const atMost = gaps.some((gap) => gap.from < change.at && gap.until > began.at);
    told.set(change, { lasted: change.at - began.at, atMost, open: false });
  }
  for (const began of since.values()) told.set(began, { lasted: null, atMost: false, open: true });
  return told;
}

/** A gap belongs to the outages: in it nobody knows. */
export function isShown(row: Row, show: Show): boolean {
  if (show === 'all') return true;
  if (show === 'runs') return row.kind === 'run';
  return row.kind === 'gap' || (row.kind === 'turn' && (isBad(row.to) || isBad(row.from)));
}

export const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** Rows that are in order, by the day on which they stand. */
export function days<R extends Row>(rows: readonly R[]): { start: number; rows: R[] }[] {
  const found: { start: number; rows: R[] }[] = [];
  for (const row of rows) {
    const start = midnight(row.at);
    const last = found.at(-1);
    if (last?.start === start) last.rows.push(row);
    else found.push({ start, rows: [row] });
  }
  return found;
}
