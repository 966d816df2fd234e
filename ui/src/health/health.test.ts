import { describe, expect, it } from 'vitest';
import type { Condition, ConditionSeverity, FlowGraph, Hush } from '../api/types';
import { elsewhere, fixWord } from './fixes';
import { badge, hushOf, parted, tally } from './grades';
import { hopOf, workOn, works } from './subjects';
import { isOpen, snoozedUntil, workedOnUntil } from './until';

const now = Date.UTC(2026, 9, 24, 20, 0);
const one = (id: string, severity: ConditionSeverity, since = 0, hushed: Hush | null = null): Condition => ({
  id,
  problem: { code: 'node-pressure', args: {}, detail: null },
  severity,
  since,
  hostnames: [],
  fix: null,
  hushed,
});
const ids = (conditions: Condition[]) => conditions.map(({ id }) => id);

describe('grades', () => {
  it('orders by grade, then the latest first, then by id, so that nothing jumps', () => {
    const all = [one('n', 'notice', 9), one('b', 'down', 1), one('a', 'down', 1), one('c', 'down', 5)];
    expect(ids(parted([...all, one('d', 'degraded', 7)], now).open)).toEqual(['c', 'a', 'b', 'd', 'n']);
  });

  it('sets apart what somebody knows of, until that has passed', () => {
    const all = [
      one('known', 'down', 0, { kind: 'acknowledged' }),
      one('later', 'down', 0, { kind: 'snoozed', until: now + 1 }),
      one('again', 'down', 0, { kind: 'snoozed', until: now }),
      one('worked', 'down', 0, { kind: 'maintenance', until: now + 1 }),
    ];
    expect(ids(parted(all, now).open)).toEqual(['again']);
    expect(ids(parted(all, now).quiet)).toEqual(['known', 'later', 'worked']);
    expect(hushOf(one('a', 'down'), now)).toBeNull();
  });

  it('counts each grade that there is, the worst first', () =>
    expect(tally([one('a', 'notice'), one('b', 'down'), one('c', 'notice')])).toEqual([
      { grade: 'down', count: 1 },
      { grade: 'notice', count: 2 },
    ]));

  it.each<[string, Condition[], ReturnType<typeof badge>]>([
    ['what is down', [one('a', 'down'), one('b', 'degraded')], { grade: 'down', count: 1 }],
    [
      'what is degraded, where all that is down is known',
      [one('a', 'down', 0, { kind: 'acknowledged' }), one('b', 'degraded'), one('c', 'degraded')],
      { grade: 'degraded', count: 2 },
    ],
    ['nothing for a notice', [one('a', 'notice')], null],
    ['nothing where nothing is wrong', [], null],
  ])('has a badge for %s', (_, conditions, expected) => expect(badge(conditions, now)).toEqual(expected));
});

describe('until when', () => {
  it('counts hours, and the morning by the calendar', () => {
    expect(snoozedUntil('hour', now) - now).toBe(3_600_000);
    expect(snoozedUntil('hours', now) - now).toBe(8 * 3_600_000);
    const evening = new Date(2026, 9, 24, 23, 30);
    expect(new Date(snoozedUntil('tomorrow', evening.getTime()))).toEqual(new Date(2026, 9, 25, 8));
  });
  it('has an end that is none, which outlives what CLI and window can write as a date', () => {
    expect(workedOnUntil('day', now) - now).toBe(86_400_000);
    expect(isOpen(workedOnUntil('day', now))).toBe(false);
    expect(isOpen(workedOnUntil('open', now))).toBe(true);
    expect(new Date(workedOnUntil('open', now)).getUTCFullYear()).toBe(9999);
  });
});

describe('what it is about', () => {
  const graph = {
    hops: [{ id: 'service/echo', column: 'service', label: 'echo' }],
    paths: [{ hostname: 'echo.example.test', hops: ['lan', 'service/echo', 'node/pi-10'] }],
  } as unknown as FlowGraph;

  it('finds the service of a hostname where the flow draws it', () => {
    expect(hopOf(graph, 'echo.example.test')).toBe('service/echo');
    expect(hopOf(graph, 'other.example.test')).toBeNull();
    expect(hopOf(null, 'echo.example.test')).toBeNull();
  });
  it('lists what is being worked on, the first to end first, and what keeps a condition quiet', () => {
    const maintenance = { 'pi-3': now + 9, 'a.test': now + 1, gone: now };
    expect(works(maintenance, now).map(({ subject }) => subject)).toEqual(['a.test', 'pi-3']);
    const named = { ...one('a', 'down'), hostnames: ['a.test', 'b.test'] };
    expect(workOn(named, maintenance)).toEqual(['a.test']);
    const node = { ...named, problem: { ...named.problem, args: { node: 'pi-3' } } };
    expect(workOn(node, maintenance)).toEqual(['pi-3']);
  });
});

describe('what puts it right', () => {
  const exposure = { name: 'echo', hostname: 'echo.example.test', reach: 'lan', tls: 'terminated' } as const;
  const backend = { kind: 'echo', image: '' } as const;
  it.each([
    [{ kind: 'reconcile' }, 'Write records anew', undefined],
    [
      { kind: 'component', component: 'cert-manager', act: { kind: 'repair' } },
      'Repair cert-manager',
      '#/stack',
    ],
    [{ kind: 'moveIngress', to: 'traefik', accept: null }, 'Move to Traefik', '#/stack/ingress'],
    [
      {
        kind: 'expose',
        exposure: { ...exposure, access: [], backend },
        adopt: false,
        acceptRetired: false,
      },
      'Expose echo again',
      '#/services/edit%2Fecho',
    ],
  ] as const)('%o', (change, word, to) => {
    const copy = structuredClone(change) as Parameters<typeof fixWord>[0];
    expect(fixWord(copy)).toBe(word);
    expect(elsewhere(copy)?.to).toBe(to);
  });
});
