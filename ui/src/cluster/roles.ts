// What the roles alone decide: who does what, what the cluster survives, and which layouts fit its machines.
// It is worked out here, so that nobody has to ask the backend to hear it.
import type { ClusterDocument, Machine, MachineFacts, Problem, Role } from '../api/types';

export interface Shape {
  servers: number;
  workers: number;
}
export type Standing = 'none' | 'alone' | 'simple' | 'two' | 'even' | 'safe';
export type Duty = 'control' | 'services' | 'lan';
export interface Offer extends Shape {
  servers: 1 | 3;
  /** Who would be a server. */
  names: string[];
  inPlace: boolean;
}
type Machines = Pick<ClusterDocument, 'machines'>;

export const withRole = ({ machines }: Machines, role: Role): Machine[] =>
  machines.filter((machine) => machine.role === role);

export const shapeOf = (document: Machines): Shape => ({
  servers: withRole(document, 'server').length,
  workers: withRole(document, 'agent').length,
});

/** How many of the servers must be there for any of them to act. */
export const majority = (servers: number): number => Math.floor(servers / 2) + 1;

/** How many of the servers may be off at the same time. */
export const spare = (servers: number): number => Math.max(0, servers - majority(servers));

export function standing({ servers, workers }: Shape): Standing {
  if (servers === 0) return 'none';
  if (servers === 1) return workers === 0 ? 'alone' : 'simple';
  if (servers === 2) return 'two';
  return servers % 2 === 0 ? 'even' : 'safe';
}

export function roleProblem(document: Machines): Problem | null {
  const shape = shapeOf(document);
  switch (standing(shape)) {
    case 'none':
      return { code: 'no-server', args: {}, detail: null };
    case 'two':
      return { code: 'two-servers', args: {}, detail: null };
    case 'even':
      return { code: 'even-servers', args: { servers: String(shape.servers) }, detail: null };
    default:
      return null;
  }
}

/** Servers are kept free of services as soon as there is a worker; LAN traffic arrives where services run. */
export function duties({
  machines,
  options,
}: Machines & Pick<ClusterDocument, 'options'>): Record<Role, Duty[]> {
  if (!machines.some(({ role }) => role === 'agent'))
    return { server: ['control', 'services', 'lan'], agent: [] };
  return {
    server: options.servicelbOnWorkers ? ['control'] : ['control', 'lan'],
    agent: ['services', 'lan'],
  };
}

type Known = Pick<MachineFacts, 'memoryTotalKib' | 'diskTotalKib'>;
export type KnownOf = (machine: Machine) => Known | undefined;

/**
 * Who should be a server rather than another: who is one already, in the document's order, because the others
 * join the first of them; then who has more memory, and more disk; what is not known counts as nothing.
 */
function byFitness(machines: Machine[], known: KnownOf): Machine[] {
  const weigh = (machine: Machine): [number, number] => {
    const facts = known(machine);
    return [facts?.memoryTotalKib ?? 0, facts?.diskTotalKib ?? 0];
  };
  const others = machines
    .filter(({ role }) => role !== 'server')
    .map((machine) => ({ machine, weight: weigh(machine) }))
    .sort((a, b) => b.weight[0] - a.weight[0] || b.weight[1] - a.weight[1]);
  return [...withRole({ machines }, 'server'), ...others.map(({ machine }) => machine)];
}

/** The layouts that can be recommended for these machines: one server, and three where there are as many. */
export function offers(document: Machines, known: KnownOf): Offer[] {
  const { machines } = document;
  const { servers: now } = shapeOf(document);
  const first = byFitness(machines, known).map(({ name }) => name);
  return ([1, 3] as const)
    .filter((servers) => servers <= machines.length)
    .map((servers) => ({
      servers,
      workers: machines.length - servers,
      names: machines.map(({ name }) => name).filter((name) => first.slice(0, servers).includes(name)),
      inPlace: servers === now,
    }));
}
