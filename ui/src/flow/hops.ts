// A path as the list the panel tells: each hop with the time it took to get there.
import type { FlowGraph, Hop, Path } from '../api/types';
import { en } from '../text/en';
import { fill } from '../text/format';
import { columns } from './layout';

/** What is written on a hop in the diagram: a name in two lines, because host names are long. */
export function written(hop: Hop): { label: string; detail: string } {
  const dot = hop.label.indexOf('.');
  if (hop.column !== 'name' || dot < 0) return hop;
  return { label: hop.label.slice(0, dot), detail: `${hop.label.slice(dot + 1)} · ${hop.detail}` };
}

export interface TimedHop {
  hop: Hop;
  latency: string;
}

export function timed(graph: Pick<FlowGraph, 'hops' | 'edges'>, path: Path): TimedHop[] {
  const on = new Set(path.hops);
  return graph.hops
    .filter((hop) => on.has(hop.id))
    .toSorted((a, b) => columns.indexOf(a.column) - columns.indexOf(b.column))
    .map((hop) => {
      const into = graph.edges.filter((edge) => edge.to === hop.id && on.has(edge.from));
      const known = into.flatMap((edge) => edge.latencyMs ?? []);
      // A hop that is up but was not timed says nothing; a dash is for what should have answered.
      if (known.length === 0) return { hop, latency: into.length === 0 || hop.health === 'up' ? '' : '—' };
      return { hop, latency: fill(en.flow.latency, { ms: Math.round(Math.min(...known)) }) };
    });
}
