import { describe, expect, it } from 'vitest';
import type { Health, Problem, SeenBy, TimelineEntry } from '../api/types';
import { followed, leads, pointed, type Work } from './before';
import { atOf, days, isShown, midnight, renewed, rowsOf, type Row } from './timeline';

const MINUTE = 60_000;
const NOON = new Date(2026, 6, 29, 12).getTime();
const pod: Problem = { code: 'workload-not-ready', args: { workload: 'wiki' }, detail: null };

const change = (
  minute: number,
  subject: string,
  from: Health,
  to: Health,
  reason: Problem | null = null,
  by: SeenBy = 'portico',
): TimelineEntry => ({
  kind: 'health',
  change: { at: NOON + minute * MINUTE, subject, from, to, reason, by },
});
const gap = (from: number, until: number, watched = 0): TimelineEntry => ({
  kind: 'gap',
  from: NOON + from * MINUTE,
  until: NOON + until * MINUTE,
  watched: watched * MINUTE,
});
const work = (id: string, from: number, until: number | null, state: Work['state'] = 'done'): Work => ({
  id,
  change: { kind: 'reconcile' },
  state,
  startedAt: NOON + from * MINUTE,
  finishedAt: until === null ? null : NOON + until * MINUTE,
});
const newest = (...entries: TimelineEntry[]) => entries.toSorted((a, b) => atOf(b) - atOf(a));
const turns = (rows: Row[]) =>
  rows.flatMap((row) => (row.kind === 'turn' ? [[row.subjects.join(), row.to, row.lasted, row.open]] : []));

describe('the rows', () => {
  it('tell together what one look saw go the same way for the same reason, the worst first', () => {
    const rows = rowsOf([
      change(0, 'way-in/pi-3', 'up', 'degraded'),
      change(0, 'service/wiki', 'up', 'down', pod),
      change(0, 'path/wiki', 'up', 'down', { ...pod, detail: 'differs every time' }),
      change(0, 'path/photos', 'up', 'down'),
    ]);
    expect(turns(rows)).toEqual([
      ['service/wiki,path/wiki', 'down', null, true],
      ['path/photos', 'down', null, true],
      ['way-in/pi-3', 'degraded', null, true],
    ]);
  });
  it('say how long an outage lasted, from its first sign, and which goes on', () => {
    const rows = rowsOf(
      newest(
        change(0, 'path/wiki', 'up', 'degraded'),
        change(2, 'path/wiki', 'degraded', 'down'),
        change(9, 'path/wiki', 'down', 'up'),
        change(20, 'path/wiki', 'up', 'down'),
        change(20, 'path/echo', 'unknown', 'up'),
      ),
    );
    expect(turns(rows)).toEqual([
      ['path/wiki', 'down', null, true],
      ['path/echo', 'up', null, false],
      ['path/wiki', 'up', 9 * MINUTE, false],
      ['path/wiki', 'down', null, false],
      ['path/wiki', 'degraded', null, false],
    ]);
  });
  it('of several that came back at once tell the longest, and an upper bound where nobody watched', () => {
    const [back] = rowsOf(
      newest(
        change(0, 'way-in/pi-3', 'up', 'down'),
        change(1, 'node/pi-3', 'up', 'down'),
        gap(2, 30),
        change(30, 'node/pi-3', 'down', 'up'),
        change(30, 'way-in/pi-3', 'down', 'up'),
      ),
    );
    expect(back).toMatchObject({ lasted: 30 * MINUTE, atMost: true, subjects: ['node/pi-3', 'way-in/pi-3'] });
  });
  it('tell what the watcher saw as exactly as what Portico saw, and apart from it', () => {
    const rows = rowsOf(
      newest(
        change(5, 'path/a', 'up', 'down', null, 'watcher'),
        change(9, 'path/a', 'down', 'up', null, 'watcher'),
        change(9, 'path/b', 'down', 'up'),
        gap(2, 30, 28),
      ),
    );
    expect(rows.map((row) => (row.kind === 'turn' ? [row.by, row.lasted, row.atMost] : row.kind))).toEqual([
      'gap',
      ['watcher', 4 * MINUTE, false],
      ['portico', null, false],
      ['watcher', null, false],
    ]);
  });
  it('tell no end of what began before the page, nor of what became unknown', () => {
    const rows = rowsOf(
      newest(
        change(0, 'path/a', 'down', 'up'),
        change(1, 'path/a', 'up', 'down'),
        change(2, 'path/a', 'down', 'unknown'),
        change(3, 'path/a', 'unknown', 'up'),
      ),
    );
    expect(rows.map((row) => row.kind === 'turn' && (row.lasted ?? row.open))).toEqual(Array(4).fill(false));
  });
  it('keep of outages their ends and the gaps, of changes by runs the runs alone', () => {
    const rows = rowsOf([
      change(5, 'path/a', 'unknown', 'up'),
      change(4, 'path/a', 'down', 'unknown'),
      gap(1, 3),
      {
        kind: 'run',
        run: 'r',
        change: { kind: 'reconcile' },
        state: 'done',
        startedAt: NOON,
        finishedAt: null,
      },
    ]);
    const kinds = (show: 'all' | 'outages' | 'runs') =>
      rows.filter((row) => isShown(row, show)).map((row) => row.kind);
    expect(kinds('all')).toHaveLength(4);
    expect(kinds('outages')).toEqual(['turn', 'gap']);
    expect(kinds('runs')).toEqual(['run']);
  });
  it('stand under the local day on which they happened, a gap where it ended', () => {
    const rows = rowsOf(
      newest(change(0, 'a', 'up', 'down'), gap(-900, -60), change(-721, 'b', 'up', 'down')),
    );
    const found = days(rows);
    expect(found.map((day) => day.rows.length)).toEqual([2, 1]);
    expect(found[0]?.start).toBe(midnight(NOON));
  });
});

describe('a first page that is asked for again', () => {
  const page = (minutes: number[], next: number | null) => ({
    entries: minutes.map((minute) => change(minute, 'a', 'up', 'down')),
    next: next === null ? null : NOON + next * MINUTE,
  });
  const minutes = (entries: TimelineEntry[]) => entries.map((entry) => (atOf(entry) - NOON) / MINUTE);

  it('goes before the older pages, without telling anything twice', () => {
    const merged = renewed(page([6, 5, 4, 3, 2], 2), page([8, 7, 6, 5], 5));
    expect(minutes(merged.entries)).toEqual([8, 7, 6, 5, 4, 3, 2]);
    expect(merged.next).toBe(NOON + 2 * MINUTE);
  });
  it('stands alone where so much happened that something may lie between', () => {
    expect(renewed(page([3, 2], 2), page([9, 8], 8))).toEqual(page([9, 8], 8));
  });
  it.each([
    ['there was nothing', null, page([1], null)],
    ['it is all there is', page([1], null), page([2, 1], null)],
  ])('is everything where %s', (_, known, fresh) => expect(renewed(known, fresh)).toEqual(fresh));
  it('keeps that there is nothing older', () => {
    expect(renewed(page([6, 5, 4], null), page([7, 6], 6)).next).toBeNull();
  });
});

describe('runs before an outage', () => {
  it.each([
    ['that ended within 15 minutes', work('r', -40, -15), 15 * MINUTE],
    ['that was under way', work('r', -40, null, 'running'), null],
    ['that ended later', work('r', -1, 3), null],
    ['that was cut off', work('r', -10, null, 'interrupted'), 10 * MINUTE],
  ])('one %s is pointed at', (_, run, before) => expect(leads(NOON, [run])).toEqual([{ work: run, before }]));
  it.each([
    ['ended earlier', work('r', -40, -16)],
    ['began later', work('r', 1, null, 'running')],
    ['was cut off long before', work('r', -40, null, 'interrupted')],
  ])('one that %s is not', (_, run) => expect(leads(NOON, [run])).toEqual([]));

  it('are pointed at once, beside the first that broke, the latest run first', () => {
    const rows = rowsOf(
      newest(
        change(9, 'path/c', 'up', 'down'),
        change(0.5, 'path/b', 'up', 'down'),
        change(0.5, 'path/a', 'up', 'degraded'),
        change(0, 'node/x', 'up', 'down'),
        change(-1, 'path/a', 'down', 'degraded'),
        change(-2, 'path/a', 'down', 'up'),
      ),
    );
    const found = pointed(rows, [work('old', -9, -8), work('new', -4, -3)]);
    const told = [...found].map(([row, leads]) => [
      row.kind === 'turn' && row.subjects.join(),
      leads.map((lead) => lead.work.id).join(),
    ]);
    expect(told).toEqual([
      ['node/x', 'new,old'],
      ['path/c', 'new'],
    ]);
  });
  it('know what went wrong after them, the first first', () => {
    const rows = rowsOf(
      newest(change(20, 'c', 'up', 'down'), change(2, 'b', 'up', 'down'), change(1, 'a', 'up', 'down')),
    );
    expect(followed(work('r', -3, 0), rows).map(({ subjects }) => subjects.join())).toEqual(['a', 'b']);
  });
});
