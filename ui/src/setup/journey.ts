// Where somebody stands on the way from bare machines to a service: read off what is there, so that a step that was left
// is found again, also after a crash.
// The check comes before the roles: the ones that are proposed are enough for it, and what it finds is worth knowing
// when they are chosen. Names come after the build, because certificates and the tunnel are installed in the cluster.
export const stops = ['find', 'connect', 'check', 'roles', 'preview', 'build', 'names', 'service'] as const;
export type Stop = (typeof stops)[number];
export type StopState = 'done' | 'now' | 'open' | 'optional';

export interface Known {
  /** Machines that are picked for the cluster, and of these those that let us in. */
  picked: number;
  connected: number;
  /** Every one of them was looked at, and nothing stands in the way. */
  checked: boolean;
  /** The roles make a cluster. */
  roles: boolean;
  /** The plan is shown, and nothing hinders it. */
  previewed: boolean;
  /** A build is under way, or has not ended well. */
  begun: boolean;
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
  // A plan that can be carried out proves all that comes before it.
  const planned = known.cluster || known.begun || known.previewed;
  const met = known.picked > 0 && known.connected === known.picked;
  const done: Record<Stop, boolean> = {
    find: planned || known.picked > 0,
    connect: planned || met,
    check: planned || (met && known.checked),
    roles: planned || (met && known.roles),
    preview: planned,
    build: known.cluster,
    // A service is proof enough: somebody wrote its name.
    names: known.home || (known.token && known.stack) || known.services > 0,
    service: known.services > 0,
  };
  const next = stops.find((stop) => !done[stop] && (stop !== 'names' || done.build));
  const state = (stop: Stop): StopState => {
    if (done[stop]) return 'done';
    if (stop === next) return 'now';
    // A token can be given at any time; only what is made with it needs the cluster.
    return stop === 'names' ? 'optional' : 'open';
  };
  return Object.fromEntries(stops.map((stop) => [stop, state(stop)])) as Record<Stop, StopState>;
}
