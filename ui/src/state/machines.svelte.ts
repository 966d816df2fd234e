// The machines seen on the network, the scan that finds them, and which of them were picked.
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { call, problemOf } from '../api/door';
import type { Facts, Finding, Host, Interface, Problem } from '../api/types';
import { feed } from './feed';

export interface ScanWish {
  subnets: string[] | null;
  allowLarge: boolean;
}

const rank = { fit: 0, maybe: 1, unfit: 2 } as const;

/** Numeric order of addresses, so that .9 comes before .10. */
export function byAddress(a: Host, b: Host): number {
  return (a.addresses[0] ?? '').localeCompare(b.addresses[0] ?? '', 'en', { numeric: true });
}

class MachinesStore {
  #hosts = new SvelteMap<string, Host>();
  picked = new SvelteSet<string>();
  interfaces = $state<Interface[]>([]);
  scan = $state<string | null>(null);
  asked = $state(0);
  total = $state(0);
  cancelled = $state(false);
  scanned = $state(false);
  loaded = $state(false);
  problem = $state<Problem | null>(null);
  findings = new SvelteMap<string, Finding[]>();

  readonly list = $derived(
    [...this.#hosts.values()].sort(
      (a, b) => rank[a.fitness.level] - rank[b.fitness.level] || byAddress(a, b),
    ),
  );
  readonly chosen = $derived(this.list.filter((host) => this.picked.has(host.id)));
  readonly unconnected = $derived(this.chosen.filter((host) => !host.connected));

  async load(): Promise<void> {
    try {
      const [{ machines }, { interfaces }] = await Promise.all([
        call('machines', {}),
        call('interfaces', {}),
      ]);
      this.#hosts.clear();
      for (const host of machines) this.#hosts.set(host.id, host);
      for (const id of this.picked) if (!this.#hosts.has(id)) this.picked.delete(id);
      this.interfaces = interfaces;
      this.loaded = true;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async start(wish: ScanWish): Promise<void> {
    this.problem = null;
    this.cancelled = false;
    this.asked = this.total = 0;
    try {
      this.scan = (await call('scan-start', wish)).scan;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async stop(): Promise<void> {
    if (this.scan)
      await call('scan-cancel', { scan: this.scan }).catch((error) => (this.problem = problemOf(error)));
  }

  pick(id: string, on: boolean): void {
    if (on) this.picked.add(id);
    else this.picked.delete(id);
  }

  get(id: string): Host | undefined {
    return this.#hosts.get(id);
  }

  /** What a successful connection told; the backend's own event follows and wins. */
  learned(id: string, facts: Facts | null, findings: Finding[], user: string): void {
    const host = this.#hosts.get(id);
    if (host) this.#hosts.set(id, { ...host, connected: true, facts: facts ?? host.facts, user });
    this.findings.set(id, findings);
  }

  listen(): () => void {
    void this.load();
    const stops = [
      feed.on('host', ({ host }) => this.#hosts.set(host.id, host)),
      feed.on('scan-progress', ({ asked, total }) => {
        this.asked = asked;
        this.total = total;
      }),
      feed.on('scan-done', ({ cancelled, problem }) => {
        this.scan = null;
        this.scanned = true;
        this.cancelled = cancelled;
        this.problem = problem;
      }),
      feed.onGap(() => void this.load()),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const machines = new MachinesStore();
