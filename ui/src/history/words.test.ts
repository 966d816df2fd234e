// Files, names and sentences of history.
import { describe, expect, it } from 'vitest';
import { hop as plain } from '../../tests/fixture/graph';
import type { Health, Hop } from '../api/types';
import { csv, json } from './csv';
import { hopOf, things } from './subjects';
import { ahead, lasted, turned } from './words';

describe('a file', () => {
  const from = Date.UTC(2026, 6, 29, 12);
  const row = { from, until: from + 60_000, up: 50_000, degraded: 0, down: 10_000, unknown: 0 };
  it('as CSV has the columns of the command line, in UTC', () => {
    const rows = [
      { ...row, latency: { p50: 12, p95: 40, p99: 90, answers: 20 } },
      { ...row, latency: null },
    ];
    expect(csv('path/echo', rows)).toBe(
      'subject,from,until,up_ms,degraded_ms,down_ms,unknown_ms,p50_ms,p95_ms,p99_ms,answers\n' +
        'path/echo,2026-07-29T12:00:00Z,2026-07-29T12:01:00Z,50000,0,10000,0,12,40,90,20\n' +
        'path/echo,2026-07-29T12:00:00Z,2026-07-29T12:01:00Z,50000,0,10000,0,,,,0\n',
    );
  });
  it('as CSV keeps a name in its column, and has its heads without rows', () => {
    expect(csv('a,"b"', [{ ...row, latency: null }])).toContain('\n"a,""b""",2026');
    expect(csv('path/echo', []).trim().split('\n')).toHaveLength(1);
  });
  it('as JSON is what came over the wire', () => {
    const rows = [{ ...row, latency: null }];
    expect(JSON.parse(json('path/echo', 'day', rows))).toEqual({ subject: 'path/echo', window: 'day', rows });
  });
});

describe('a name', () => {
  const hop = (id: string, label: string): [string, Hop] => [id, { ...plain(id, 'service', label) }];
  const hops = new Map([
    hop('node/pi-3', 'pi-3'),
    hop('service/wiki', 'wiki'),
    hop('tunnel', 'portico-home'),
  ]);

  it('stands once for all that share it, and leads to a hop that there is', () => {
    const subjects = [
      'way-in/pi-3',
      'node/pi-3',
      'path/wiki',
      'service/wiki',
      'tunnel',
      'path/gone',
      'ingress',
    ];
    expect(things(subjects, hops, { ingress: 'Ingress' })).toEqual([
      { label: 'pi-3', hop: 'node/pi-3', columns: ['way-in', 'runs-on'] },
      { label: 'wiki', hop: 'service/wiki', columns: [null, 'service'] },
      { label: 'portico-home', hop: 'tunnel', columns: ['way-in'] },
      { label: 'gone', hop: null, columns: [null] },
      { label: 'Ingress', hop: null, columns: ['ingress'] },
    ]);
  });
  it('of a service as a whole leads to the service', () => expect(hopOf('path/wiki')).toBe('service/wiki'));
});

describe('a sentence', () => {
  it.each<[Health, Health, number, string]>([
    ['up', 'down', 1, 'went down'],
    ['degraded', 'down', 2, 'went down'],
    ['unknown', 'down', 2, 'are down'],
    ['up', 'degraded', 1, 'is degraded'],
    ['down', 'degraded', 1, 'is degraded, no longer down'],
    ['down', 'up', 2, 'are up again'],
    ['unknown', 'up', 1, 'is up'],
    ['up', 'unknown', 1, 'is unknown'],
  ])('from %s to %s, of %d: %s', (from, to, number, words) =>
    expect(turned({ from, to }, number)).toBe(words),
  );
  it('tells how long it was, at most, or that it goes on', () => {
    const turn = {
      kind: 'turn',
      at: 0,
      from: 'down',
      to: 'up',
      reason: null,
      by: 'portico',
      subjects: [],
    } as const;
    const told = (more: { lasted: number | null; atMost: boolean; open: boolean }) =>
      lasted({ ...turn, subjects: [], ...more });
    expect(told({ lasted: 720_000, atMost: false, open: false })).toBe('after 12 min');
    expect(told({ lasted: 720_000, atMost: true, open: false })).toBe('after 12 min at most');
    expect(told({ lasted: null, atMost: false, open: true })).toBe('not over yet');
    expect(told({ lasted: null, atMost: false, open: false })).toBe('');
  });
  it('tells how a run stood to an outage', () => {
    expect(ahead({ before: 120_000 })).toBe('Ended 2 min before:');
    expect(ahead({ before: null })).toBe('Under way then:');
  });
});
