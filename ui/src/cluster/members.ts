// The machines of the cluster, as far as the window knows them: those of the last build that ended well, and those that
// the flow shows. A draft that nobody built says nothing.
import type { FlowGraph, Health, Machine, Run } from '../api/types';

export interface Member {
  name: string;
  address: string;
  /** Not known of a machine that somebody else made part of the cluster. */
  role: Machine['role'] | null;
  /** The flow shows those alone that carry a service. */
  health: Health | null;
}

export function membersOf(runs: readonly Run[], graph: FlowGraph | null): Member[] {
  const builds = runs.filter(({ change, state }) => change.kind === 'buildCluster' && state === 'done');
  const latest = builds.toSorted((a, b) => b.startedAt - a.startedAt)[0]?.change;
  const members = new Map<string, Member>();
  for (const { name, address, role } of latest?.kind === 'buildCluster' ? latest.document.machines : [])
    members.set(name, { name, address, role, health: null });
  for (const { column, label, detail, health } of graph?.hops ?? [])
    if (column === 'runs-on')
      members.set(label, { name: label, address: detail, role: null, ...members.get(label), health });
  const rank = ({ role }: Member) => (role === 'server' ? 0 : 1);
  return [...members.values()].sort(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, undefined, { numeric: true }),
  );
}
