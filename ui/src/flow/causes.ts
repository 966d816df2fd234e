// Which hops are down only because another one is. The cause is red; they say that they are down, and stay quiet.
import type { FlowGraph } from '../api/types';

/** What a machine that is away took with it. Whatever else is down is a cause of its own. */
export function consequences(graph: Pick<FlowGraph, 'hops' | 'edges'>): ReadonlySet<string> {
  const hops = new Map(graph.hops.map((hop) => [hop.id, hop]));
  const machines = new Map<string, boolean[]>();
  for (const { from, to } of graph.edges) {
    const machine = hops.get(to);
    if (machine?.column !== 'runs-on') continue;
    machines.set(from, [...(machines.get(from) ?? []), machine.health === 'down']);
  }
  return new Set(
    graph.hops
      .filter(
        ({ id, column, health, reason }) =>
          health === 'down' &&
          ((column === 'service' && machines.get(id)?.every(Boolean)) ||
            (reason?.code === 'node-not-ready' && column !== 'way-in' && column !== 'runs-on')),
      )
      .map(({ id }) => id),
  );
}
