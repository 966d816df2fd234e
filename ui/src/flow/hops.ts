// A path as the list the panel tells: each hop with the time it took to get there.
import type { FlowGraph, FlowNode, FlowPath } from '../api/types';
import { en } from '../text/en';
import { fill } from '../text/format';
import { columns } from './layout';

export interface Hop {
  node: FlowNode;
  latency: string;
}

export function hops(graph: Pick<FlowGraph, 'nodes' | 'edges'>, path: FlowPath): Hop[] {
  const on = new Set(path.nodes);
  return graph.nodes
    .filter((node) => on.has(node.id))
    .toSorted((a, b) => columns.indexOf(a.column) - columns.indexOf(b.column))
    .map((node) => {
      const into = graph.edges.filter((edge) => edge.to === node.id && on.has(edge.from));
      const known = into.flatMap((edge) => edge.latencyMs ?? []);
      if (into.length === 0) return { node, latency: '' };
      // A hop that is up but was not timed says nothing; a dash is for what should have answered.
      if (known.length === 0) return { node, latency: node.health === 'up' ? '' : '—' };
      return { node, latency: fill(en.flow.latency, { ms: String(Math.round(Math.min(...known))) }) };
    });
}
