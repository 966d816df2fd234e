// Which hops are down only because another one is. The cause is red; they say that they are down, and stay quiet.
import type { FlowGraph } from '../api/types';

/** Which hop explains which is the backend's to say; whatever else is down is a cause of its own. */
export const consequences = (graph: Pick<FlowGraph, 'hops'>): ReadonlySet<string> =>
  new Set(graph.hops.filter(({ because }) => because !== null).map(({ id }) => id));
