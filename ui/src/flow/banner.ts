// The one sentence above the diagram: the first hop that is down on the way in, and who is cut off by it.
// What lies behind it stays silent, because one cause is one sentence.
import type { FlowGraph, Hop } from '../api/types';
import { consequences } from './causes';
import { columns } from './layout';

export interface Banner {
  hop: Hop;
  /** Names of the services that cannot be reached because of it. */
  affected: string[];
}

export function banner(graph: FlowGraph): Banner | null {
  const quiet = consequences(graph);
  const down = graph.hops.filter((hop) => hop.health === 'down' && !quiet.has(hop.id));
  const hop = down.toSorted((a, b) => columns.indexOf(a.column) - columns.indexOf(b.column))[0];
  if (!hop) return null;
  const affected = graph.paths.filter((path) => path.health === 'down' && path.hops.includes(hop.id));
  return { hop, affected: affected.map((path) => path.service) };
}
