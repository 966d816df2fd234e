// The graph as it is drawn: services of one namespace stand together, and a folded namespace is one box for its
// services and one each for their names, certificates and pods. A folded box is as bad as its worst member and counts them all.
import type { Edge, FlowGraph, Health, Hop, Rate } from '../api/types';
import { consequences } from './causes';
import { byId, namespaceOf } from './filter';

export interface Group {
  namespace: string;
  open: boolean;
  count: number;
  healths: Record<Health, number>;
}
/** A hop, or a namespace in the place of its hops; open, it is the heading above them. */
export type Item = Hop & { group?: Group; /** Down because of another hop, which is red. */ quiet?: boolean };

export interface Picture {
  items: Item[];
  edges: Edge[];
  /** In which box each hop is drawn. */
  drawnAs: ReadonlyMap<string, string>;
  /** The namespaces that can be folded. */
  foldable: string[];
}

/** From here on namespaces are folded until somebody opens them. */
export const crowd = 24;
const order: readonly Health[] = ['up', 'degraded', 'unknown', 'down'];
export const worst = (healths: Iterable<Health>): Health =>
  [...healths].reduce((bad, health) => (order.indexOf(health) > order.indexOf(bad) ? health : bad), 'up');
export const edgeKey = (edge: Pick<Edge, 'from' | 'to'>): string => `${edge.from}>${edge.to}`;

/** What a service has of its own, and is folded with it. */
const own = ['name', 'certificate', 'service', 'pods'] as const;
type Own = (typeof own)[number];
const isOwn = (column: Hop['column'] | undefined): column is Own => own.some((other) => other === column);
/** The badge on the line of a folded namespace's services. */
const certificatesBeside = (services: string): string =>
  boxId('certificate', services.slice(services.indexOf('/') + 1));
export const boxId = (column: Hop['column'], namespace: string): string => `${column}s/${namespace}`;

function box(column: Hop['column'], namespace: string, members: Item[], open: boolean): Item {
  const healths = { up: 0, degraded: 0, unknown: 0, down: 0 };
  for (const { health } of members) healths[health] += 1;
  return {
    id: boxId(column, namespace),
    kind: members[0]?.kind ?? 'service',
    evidence: '',
    because: null,
    seenAt: null,
    rate: null,
    members: [],
    column,
    label: namespace,
    detail: '',
    health: worst(members.map((hop) => hop.health)),
    reason: null,
    quiet:
      members.some(({ health }) => health === 'down') &&
      members.every((hop) => hop.health !== 'down' || hop.quiet),
    group: { namespace, open, count: members.length, healths },
  };
}

type Space = Record<Own, Set<string>>;

/** Each service with all of its own by its namespace, in the order in which the namespaces are first met. A name that
 * leads into several namespaces belongs to none. */
function spaces(graph: FlowGraph): Map<string, Space> {
  const hops = byId(graph);
  const all = new Map<string, Space>();
  const taken = new Map<string, string>();
  for (const path of graph.paths) {
    const namespace = namespaceOf(path, hops);
    const empty = { name: new Set<string>(), certificate: new Set<string>(), pods: new Set<string>() };
    const space = all.get(namespace) ?? { ...empty, service: new Set<string>() };
    all.set(namespace, space);
    for (const id of path.hops) {
      const column = hops.get(id)?.column;
      if (!isOwn(column)) continue;
      const other = taken.get(id);
      if (other !== undefined && other !== namespace) all.get(other)?.[column].delete(id);
      else space[column].add(id);
      taken.set(id, other ?? namespace);
    }
  }
  return all;
}

export function fold(graph: FlowGraph, isFolded: (namespace: string) => boolean): Picture {
  const hops = byId(graph);
  const quiet = consequences(graph);
  const of = (ids: Iterable<string>): Item[] =>
    [...ids].flatMap((id) => {
      const hop = hops.get(id);
      return hop ? (quiet.has(id) ? { ...hop, quiet: true } : hop) : [];
    });
  const drawnAs = new Map(graph.hops.map((hop) => [hop.id, hop.id]));
  const gathered: Item[] = [];
  const foldable: string[] = [];
  const placed = new Set<string>();

  for (const [namespace, space] of spaces(graph)) {
    const members = own.map((column) => [column, of(space[column])] as const);
    const services = of(space.service);
    for (const { id } of members.flatMap(([, hops]) => hops)) placed.add(id);
    if (namespace === '' || services.length < 2) {
      gathered.push(...members.flatMap(([, hops]) => hops));
      continue;
    }
    foldable.push(namespace);
    const folded = isFolded(namespace);
    if (!folded) {
      const head = box('service', namespace, services, true);
      gathered.push(...members.flatMap(([column, hops]) => (column === 'service' ? [head, ...hops] : hops)));
      continue;
    }
    for (const [column, hops] of members) {
      if (hops.length === 0) continue;
      const one = box(column, namespace, hops, false);
      gathered.push(one);
      for (const hop of hops) drawnAs.set(hop.id, one.id);
    }
  }

  const edges = new Map<string, Edge>();
  const draw = (edge: Edge) => {
    const key = edgeKey(edge);
    const known = edges.get(key);
    // Several lines in one have no latency of their own, and carry what all of them do.
    edges.set(
      key,
      known
        ? {
            ...known,
            health: worst([known.health, edge.health]),
            latencyMs: null,
            rate: together(known.rate, edge.rate),
          }
        : edge,
    );
  };
  const boxes = new Set(gathered.map(({ id }) => id));
  for (const edge of graph.edges) {
    const from = drawnAs.get(edge.from);
    const to = drawnAs.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const past = hops.get(edge.from)?.column === 'ingress' && to !== edge.to ? certificatesBeside(to) : null;
    if (past === null || to === past || !boxes.has(past)) draw({ ...edge, from, to });
    // On the line of a folded namespace stands the badge of those that have a certificate: it is passed through.
    else for (const [a, b] of [[from, past] as const, [past, to] as const]) draw({ ...edge, from: a, to: b });
  }
  const isOther = (hop: Hop) => !placed.has(hop.id) && hop.column !== 'runs-on';
  const others = of(graph.hops.filter(isOther).map(({ id }) => id));
  return {
    items: [...others, ...gathered, ...machines(graph)],
    edges: [...edges.values()],
    drawnAs,
    foldable,
  };
}

const together = (a: Rate | null, b: Rate | null): Rate | null =>
  a && b ? { perSecond: a.perSecond + b.perSecond, at: Math.min(a.at, b.at) } : null;

/** Machines in the order in which they stand as ways in, whichever service is met first on them. */
function machines(graph: FlowGraph): Hop[] {
  const ways = graph.hops.filter((hop) => hop.kind === 'worker').map((hop) => hop.label);
  const place = ({ label }: Hop) => (ways.includes(label) ? ways.indexOf(label) : ways.length);
  return graph.hops.filter((hop) => hop.column === 'runs-on').toSorted((a, b) => place(a) - place(b));
}

/** Which boxes light up: those that stand for a lit hop, and the headings above one. */
export function litItems(picture: Picture, graph: FlowGraph, lit: ReadonlySet<string>): Set<string> {
  const items = new Set([...lit].flatMap((id) => picture.drawnAs.get(id) ?? []));
  for (const hop of graph.hops)
    if (hop.column === 'service' && lit.has(hop.id)) {
      const services = boxId('service', hop.detail);
      items.add(services);
      const badge = certificatesBeside(services);
      if (picture.drawnAs.get(hop.id) === services && picture.items.some(({ id }) => id === badge))
        items.add(badge);
    }
  return items;
}
