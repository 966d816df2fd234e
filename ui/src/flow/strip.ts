// A strip of history as it is drawn: each cell the worst that was seen in it, and unknown where nobody looked.
import type { Cell, Health } from '../api/types';

/** Seen means seen: a moment of trouble is not hidden by an hour of health. */
export function worst({ up, degraded, down }: Cell): Health {
  if (down > 0) return 'down';
  if (degraded > 0) return 'degraded';
  return up > 0 ? 'up' : 'unknown';
}
