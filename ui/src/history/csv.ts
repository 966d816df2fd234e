// A history as a file. The columns are those of `portico history --csv`, so that both can be read by the same means;
// their names are no words of the window.
import type { HistoryRow, HistoryWindow } from '../api/types';

const columns = 'subject,from,until,up_ms,degraded_ms,down_ms,unknown_ms,p50_ms,p95_ms,p99_ms,answers';

/** UTC, to the second. */
const when = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Names of services and machines need no quotes; whatever does gets them. */
const quoted = (value: string): string =>
  /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;

export function csv(subject: string, rows: readonly HistoryRow[]): string {
  const lines = rows.map(({ from, until, up, degraded, down, unknown, latency }) =>
    [
      quoted(subject),
      when(from),
      when(until),
      up,
      degraded,
      down,
      unknown,
      ...(latency ? [latency.p50, latency.p95, latency.p99, latency.answers] : ['', '', '', 0]),
    ].join(','),
  );
  return `${[columns, ...lines].join('\n')}\n`;
}

/** As it came over the wire: times are unix ms. */
export const json = (subject: string, window: HistoryWindow, rows: readonly HistoryRow[]): string =>
  `${JSON.stringify({ subject, window, rows }, null, 2)}\n`;
