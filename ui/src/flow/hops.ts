// A path as the list the panel tells: each hop with the time it took to get there.
import type { FlowGraph, Hop, Path } from '../api/types';
import { t } from '../text/catalogue';
import { count, date, fill, many, names } from '../text/format';
import type { Group, Item } from './fold';
import { columns, isBadge } from './layout';

/** Who asks has no name of its own, so the window's language gives it one. */
export function named(graph: FlowGraph): FlowGraph {
  const who: Partial<Record<string, string>> = t.flow.who;
  return {
    ...graph,
    hops: graph.hops.map((hop) => (hop.column === 'who' ? { ...hop, label: who[hop.id] ?? hop.label } : hop)),
  };
}

/** What is known of a hop besides its name, in words: the backend gives numbers and days. */
export function detailOf({ kind, detail }: Pick<Hop, 'kind' | 'detail'>): string {
  if (kind === 'certificate' && /^\d{4}-\d{2}-\d{2}|^$/.test(detail))
    return detail === '' ? '' : fill(t.flow.until, { when: date(Date.parse(detail)) });
  const [, ready, all] = /^(\d+)\/(\d+)$/.exec(detail) ?? [];
  if (ready === undefined || all === undefined) return detail;
  return fill(t.flow.ready, { ready: count(Number(ready)), all: count(Number(all)) });
}

/** Requests per second, as exact as it helps. */
export function rateOf(perSecond: number): string {
  const digits = perSecond >= 10 || perSecond === 0 ? 0 : perSecond >= 1 ? 1 : 2;
  return fill(t.flow.rate, { rate: count(Number(perSecond.toFixed(digits))) });
}

/** The healths of a folded namespace's members in words, the worst first. */
function counts({ count: all, healths }: Group): string {
  const bad = (['down', 'unknown', 'degraded'] as const).filter((health) => healths[health] > 0);
  const told = healths.up === all ? (['up'] as const) : bad;
  return told.map((health) => fill(t.flow.counts[health], { count: count(healths[health]) })).join(', ');
}

/** What is written on a box: a name in two lines, because host names are long. `full` is all that is known. */
export function written(item: Item): { label: string; detail: string; full: string } {
  const { label, group } = item;
  const detail = detailOf(item);
  if (group) {
    const full = `${memberCount(item, group)}: ${counts(group)}`;
    return { label: isBadge(item.column) ? '' : label, detail: counts(group), full };
  }
  // A badge has room for a number, and stands beside the name that it belongs to.
  if (isBadge(item.column))
    return { label: item.kind === 'pods' ? item.detail : '', detail: '', full: detail };
  const dot = label.indexOf('.');
  if (item.column !== 'name' || dot < 0) return { label, detail, full: detail };
  return { label: label.slice(0, dot), detail: `${detail} · ${label.slice(dot + 1)}`, full: detail };
}

function memberCount({ column }: Item, group: Group): string {
  const [one, other] =
    t.flow.members[column === 'name' || column === 'certificate' || column === 'pods' ? column : 'service'];
  return many(group.count, one, other);
}

/** What a screen reader says after the label: the kind of hop, or what the namespace holds. */
export function spoken(item: Item): string {
  if (!item.group) return t.flow.kinds[item.kind];
  return `${t.flow.namespace}, ${memberCount(item, item.group)}, ${counts(item.group)}`;
}

/** All of a few names, and the first of many. */
export function listed(all: string[], few = 4): string {
  if (all.length <= few + 1) return names(all);
  return fill(t.flow.others, { names: all.slice(0, few).join(', '), count: count(all.length - few) });
}

export interface TimedHop {
  hop: Hop;
  latency: string;
  /** What comes into it on this path, where that is counted. */
  rate: string;
}

export function timed(graph: Pick<FlowGraph, 'hops' | 'edges'>, path: Path): TimedHop[] {
  const on = new Set(path.hops);
  const edges = graph.edges.filter((edge) => on.has(edge.from) && on.has(edge.to));
  const hops = graph.hops
    .filter((hop) => on.has(hop.id))
    .toSorted((a, b) => columns.indexOf(a.column) - columns.indexOf(b.column));
  return together(hops).map((hop) => {
    const into = edges.filter((edge) => edge.to === hop.id);
    const known = into.flatMap((edge) => edge.latencyMs ?? []);
    const [counted] = into.flatMap((edge) => edge.rate ?? []);
    const rate = counted ? rateOf(counted.perSecond) : '';
    // A hop that is up but was not timed says nothing; a dash is for what should have answered.
    if (known.length === 0)
      return { hop, rate, latency: into.length === 0 || hop.health === 'up' || rate !== '' ? '' : '—' };
    return { hop, rate, latency: fill(t.flow.latency, { ms: Math.round(Math.min(...known)) }) };
  });
}

/** Many ways in that are up are told in one line; whichever is not stands by itself. */
function together(hops: Hop[]): Hop[] {
  const alike = hops.filter((hop) => hop.kind === 'worker' && hop.health === 'up');
  const [first] = alike;
  if (!first || alike.length <= 5) return hops;
  const one = {
    ...first,
    label: listed(
      alike.map(({ label }) => label),
      2,
    ),
    detail: '',
  };
  return hops.flatMap((hop) => (hop === first ? one : alike.includes(hop) ? [] : hop));
}
