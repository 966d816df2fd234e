// A strip of history as it is drawn: each cell the worst that was seen in it, and unknown where nobody looked.
import type { Cell, Health, HistoryWindow } from '../api/types';
import { t } from '../text/catalogue';
import { count, fill, names } from '../text/format';

/** Seen means seen: a moment of trouble is not hidden by an hour of health. */
export function worst({ up, degraded, down }: Cell): Health {
  if (down > 0) return 'down';
  if (degraded > 0) return 'degraded';
  return up > 0 ? 'up' : 'unknown';
}

const healths: readonly Health[] = ['up', 'degraded', 'down', 'unknown'];

/** The strip in words, for those who cannot see it: of how many cells each health was the worst. */
export function stripWords(cells: readonly Cell[], window: HistoryWindow): string {
  const all = cells.map(worst);
  const numbers = healths.map((health) => [health, all.filter((other) => other === health).length] as const);
  const { label, parts } = t.history.strip;
  const told = numbers.filter(([, number]) => number > 0);
  return fill(label, {
    last: t.history.lasts[window],
    parts: names(told.map(([health, number]) => fill(parts[health], { count: count(number) }))),
  });
}
