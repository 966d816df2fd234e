// What is said of a turn, after the names of those that it is about.
import type { HistoryWindow } from '../api/types';
import { t } from '../text/catalogue';
import { duration, either, fill } from '../text/format';
import type { Lead } from './before';
import type { Turn } from './timeline';
import { isBad } from './timeline';

export const windows: readonly HistoryWindow[] = ['day', 'week', 'month', 'quarter', 'year'];

export type TurnKind = 'down' | 'is-down' | 'degraded' | 'eased' | 'back' | 'up' | 'unknown';

/** What was not known before did not go or come back; it is only seen. */
export function turnKind({ from, to }: Pick<Turn, 'from' | 'to'>): TurnKind {
  if (to === 'down') return from === 'unknown' ? 'is-down' : 'down';
  if (to === 'degraded') return from === 'down' ? 'eased' : 'degraded';
  return to === 'up' && isBad(from) ? 'back' : to;
}

/** `number`: of how many. */
export const turned = (turn: Pick<Turn, 'from' | 'to'>, number: number): string =>
  either(number, ...t.history.turns[turnKind(turn)]);

/** How long it was not well, or that it still is not. */
export function lasted({ lasted, atMost, open }: Turn): string {
  if (open) return t.history.open;
  if (lasted === null) return '';
  return fill(atMost ? t.history.atMost : t.history.lasted, { time: duration(lasted / 1000) });
}

/** How a run stands to the outage that it came before. */
export const ahead = ({ before }: Pick<Lead, 'before'>): string =>
  before === null ? t.history.underWay : fill(t.history.before, { time: duration(before / 1000) });
