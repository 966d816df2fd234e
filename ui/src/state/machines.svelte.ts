// The machines seen on the network, the scan that finds them, which were picked, and which let us in.
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { call, problemOf } from '../api/door';
import type { Connected, Host, Interface, Problem } from '../api/types';
import { feed } from './feed';

export interface ScanWish {
  subnets: string[];
  allowLarge: boolean;
  ports: number[];
}
/** A login that worked since this window was opened, with the port if another than the usual was typed. */
export interface Login extends Connected {
  port: number | null;
}

const rank = { fit: 0, maybe: 1, unfit: 2 } as const;

/** Fit ones first, then by address in numeric order, so that .9 comes before .10. */
export function inOrder(a: Host, b: Host): number {
  return (
    rank[a.fit.verdict] - rank[b.fit.verdict] ||
    (a.addresses[0] ?? '').localeCompare(b.addresses[0] ?? '', undefined, { numeric: true })
  );
}

class MachinesStore {
  #hosts = new SvelteMap<string, Host>();
  #logins = new SvelteMap<string, Login>();
  #read = new SvelteSet<string>();
  picked = new SvelteSet<string>();
  loaded = $state(false);
  interfaces = $state<Interface[]>([]);
  scan = $state<string | null>(null);
  done = $state(0);
  total = $state(0);
  cancelled = $state(false);
  scanned = $state(false);
  problem = $state<Problem | null>(null);

  /** What is wrong with the networks that were asked for. */
  readonly wrongSubnet = $derived(this.problem?.code.startsWith('subnet-') ? this.problem : null);
  readonly list = $derived([...this.#hosts.values()].sort(inOrder));
  readonly chosen = $derived(this.list.filter((host) => this.picked.has(host.id)));
  readonly unconnected = $derived(this.chosen.filter((host) => !this.isConnected(host)));

  async load(): Promise<void> {
    try {
      const [{ hosts }, { interfaces }] = await Promise.all([call('machines', {}), call('interfaces', {})]);
      this.#hosts.clear();
      for (const host of hosts) this.#hosts.set(host.id, host);
      for (const id of this.picked) {
        if (this.#hosts.has(id)) continue;
        this.picked.delete(id);
        const host = this.once(id);
        if (host) this.picked.add(host.id);
      }
      this.interfaces = interfaces;
      this.loaded = true;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async start(wish: ScanWish): Promise<void> {
    this.problem = null;
    this.cancelled = false;
    this.done = this.total = 0;
    try {
      this.scan = (await call('scan-start', wish)).scan;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async stop(): Promise<void> {
    if (this.scan === null) return;
    await call('scan-cancel', { scan: this.scan }).catch((error) => (this.problem = problemOf(error)));
  }

  pick(id: string, on: boolean): void {
    if (on) this.picked.add(id);
    else this.picked.delete(id);
  }

  login(host: Host): Login | undefined {
    return host.addresses.map((address) => this.#logins.get(address)).find((login) => login !== undefined);
  }

  loginAt(address: string): Login | undefined {
    return this.#logins.get(address);
  }

  /**
   * Whether the machine there lets us in: by a login of this window, or by one of before it with which the check has
   * just read it. Whether such a login still works is seen by looking; a password that nobody kept is gone.
   */
  isConnectedAt(address: string): boolean {
    return this.#logins.has(address) || this.#read.has(address);
  }

  isConnected(host: Host): boolean {
    return host.addresses.some((address) => this.isConnectedAt(address));
  }

  /** The check has looked at the machine there. */
  looked(address: string, couldRead: boolean): void {
    if (couldRead) this.#read.add(address);
    else this.#read.delete(address);
  }

  /** The machine that was once known under this id. */
  once(id: string): Host | undefined {
    return this.#hosts.get(id) ?? this.list.find(({ formerly }) => formerly.includes(id));
  }

  /** Remembers a login under the address that was asked for. */
  connected(address: string, login: Login): void {
    this.#logins.set(address, login);
  }

  /** It is not known any more how to log in there. */
  forgotten(address: string): void {
    this.#logins.delete(address);
  }

  /** More is known of a machine: it takes the place of the rows that it was shown as before. */
  #take(host: Host): void {
    for (const id of host.formerly) {
      this.#hosts.delete(id);
      if (this.picked.delete(id)) this.picked.add(host.id);
    }
    this.#hosts.set(host.id, host);
  }

  listen(): () => void {
    void this.load();
    const stops = [
      feed.on('host', ({ host }) => this.#take(host)),
      feed.on('scan-progress', ({ done, total }) => {
        this.done = done;
        this.total = total;
      }),
      feed.on('scan-problem', ({ problem }) => (this.problem = problem)),
      feed.on('scan-done', ({ cancelled }) => {
        this.scan = null;
        this.scanned = true;
        this.cancelled = cancelled;
      }),
      feed.onGap(() => void this.load()),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const machines = new MachinesStore();
