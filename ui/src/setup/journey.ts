// Where somebody stands on the way from bare machines to a service: read off what is there, so that a step that was left
// is found again, also after a crash.
export const stops = ['find', 'connect', 'roles', 'build', 'names', 'service'] as const;
export type Stop = (typeof stops)[number];
export type StopState = 'done' | 'now' | 'open' | 'optional';

export interface Known {
  /** Machines that are picked for the cluster, and of these those with a login. */
  picked: number;
  connected: number;
  /** Roles are written down, and nothing stands in the way. */
  roles: boolean;
  cluster: boolean;
  token: boolean;
  /** Certificates or a tunnel are set up. */
  stack: boolean;
  /** Cloudflare is done without. */
  home: boolean;
  services: number;
}

/** Each step's state. Exactly one is next, until all is done. */
export function journey(known: Known): Record<Stop, StopState> {
  const done: Record<Stop, boolean> = {
    find: known.cluster || known.picked > 0,
    connect: known.cluster || (known.picked > 0 && known.connected === known.picked),
    roles: known.cluster || (known.roles && known.picked > 0 && known.connected === known.picked),
    build: known.cluster,
    // A service is proof enough: somebody wrote its name.
    names: known.home || (known.token && known.stack) || known.services > 0,
    service: known.services > 0,
  };
  const next = stops.find((stop) => !done[stop] && (stop !== 'names' || done.build));
  const state = (stop: Stop): StopState => {
    if (done[stop]) return 'done';
    if (stop === next) return 'now';
    return stop === 'names' ? 'optional' : 'open';
  };
  return Object.fromEntries(stops.map((stop) => [stop, state(stop)])) as Record<Stop, StopState>;
}
