// Which part of the graph a person asked for: words, health, reach and namespace. The diagram, the table and
// what is exported all follow the same answer.
import type { FlowGraph, Health, Hop, Path, Reach } from '../api/types';

export interface Filter {
  text: string;
  /** None chosen means all. */
  healths: readonly Health[];
  reach: Reach | 'all';
  namespace: string | null;
}
export const everything: Filter = { text: '', healths: [], reach: 'all', namespace: null };

export const isNarrow = ({ text, healths, reach, namespace }: Filter): boolean =>
  text.trim() !== '' || healths.length > 0 || reach !== 'all' || namespace !== null;

type Hops = ReadonlyMap<string, Hop>;
export const byId = (graph: Pick<FlowGraph, 'hops'>): Hops => new Map(graph.hops.map((hop) => [hop.id, hop]));

/** The namespace is what stands below a service's name. */
export function namespaceOf(path: Path, hops: Hops): string {
  const service = path.hops.map((id) => hops.get(id)).find((hop) => hop?.column === 'service');
  return service?.detail ?? '';
}

export const namespaces = (graph: FlowGraph): string[] => {
  const hops = byId(graph);
  return [...new Set(graph.paths.map((path) => namespaceOf(path, hops)))]
    .filter((name) => name !== '')
    .toSorted();
};

export function pathsBy({ paths }: { paths: readonly { health: Health }[] }): Record<Health, number> {
  const counts = { up: 0, degraded: 0, down: 0, unknown: 0 };
  for (const { health } of paths) counts[health] += 1;
  return counts;
}

/** Ways in and the ingress are shared by every service, so that finding one of them would find everything. */
const searched: ReadonlySet<Hop['column']> = new Set(['name', 'certificate', 'service', 'pods', 'runs-on']);

function says(path: Path, hops: Hops, words: string[]): boolean {
  const said = path.hops
    .map((id) => hops.get(id))
    .filter((hop) => hop && searched.has(hop.column))
    .map((hop) => `${hop?.label} ${hop?.detail} ${hop?.members.map(({ label }) => label).join(' ')}`)
    .concat(path.hostname)
    .join(' ')
    .toLowerCase();
  return words.every((word) => said.includes(word));
}

const wordsOf = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean);

/** The graph of those paths alone that fit; the same object when nothing is asked for. */
export function narrow(graph: FlowGraph, filter: Filter): FlowGraph {
  if (!isNarrow(filter)) return graph;
  const hops = byId(graph);
  const words = wordsOf(filter.text);
  const paths = graph.paths.filter(
    (path) =>
      (filter.healths.length === 0 || filter.healths.includes(path.health)) &&
      (filter.reach === 'all' || filter.reach === path.reach) &&
      (filter.namespace === null || filter.namespace === namespaceOf(path, hops)) &&
      says(path, hops, words),
  );
  const kept = new Set(paths.flatMap((path) => path.hops));
  return {
    ...graph,
    paths,
    hops: graph.hops.filter((hop) => kept.has(hop.id)),
    edges: graph.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)),
  };
}

/** What Enter in the search leads to: the service or machine that is called so, or the first that fits. */
export function found(graph: FlowGraph, text: string): Hop | null {
  const words = wordsOf(text);
  if (words.length === 0) return null;
  const hops = graph.hops.filter((hop) => hop.column === 'service' || hop.column === 'runs-on');
  const exact = hops.find((hop) => hop.label.toLowerCase() === text.trim().toLowerCase());
  const named = hops.find((hop) => words.every((word) => hop.label.toLowerCase().includes(word)));
  return exact ?? named ?? hops[0] ?? null;
}
