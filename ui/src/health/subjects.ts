// What conditions and maintenance are about: machines and hostnames, and where the flow shows them.
import type { Condition, Conditions, FlowGraph } from '../api/types';

type Maintenance = Conditions['maintenance'];

/** The hop that stands for a hostname in the flow, if it is drawn. */
export function hopOf(graph: FlowGraph | null, hostname: string): string | null {
  const on = graph?.paths.find((path) => path.hostname === hostname)?.hops ?? [];
  return graph?.hops.find(({ id, column }) => column === 'service' && on.includes(id))?.id ?? null;
}

export interface Work {
  subject: string;
  until: number;
}

/** What is being worked on, the first to end first. */
export function works(maintenance: Maintenance, now: number): Work[] {
  return Object.entries(maintenance)
    .map(([subject, until]) => ({ subject, until }))
    .filter(({ until }) => until > now)
    .toSorted((a, b) => a.until - b.until || a.subject.localeCompare(b.subject));
}

/** The work that keeps a condition quiet: on its machine, else on the names that it touches. */
export function workOn({ problem, hostnames }: Condition, maintenance: Maintenance): string[] {
  const { node } = problem.args;
  return (node === undefined ? hostnames : [node]).filter((subject) => subject in maintenance);
}
