// The cluster as it is being written down: the document, what the check says about it, and the plan.
// A change to the document makes check and plan worthless, so both are dropped with it.
import { call, problemOf } from '../api/door';
import type { Checked, ClusterDocument, Finding, Host, Machine, PlanView, Problem } from '../api/types';
import { machines } from './machines.svelte';

export type Stage = 'roles' | 'preview' | 'build';

/** Whether a finding forbids the build; what a step of the plan mends does not. */
export const forbids = ({ severity, fix }: Finding): boolean =>
  severity === 'stop' && fix?.kind !== 'cgroup-cmdline';

class ClusterStore {
  document = $state<ClusterDocument | null>(null);
  checked = $state<Checked | null>(null);
  plan = $state<PlanView | null>(null);
  run = $state<string | null>(null);
  stage = $state<Stage>('roles');
  problem = $state<Problem | null>(null);
  busy = $state(false);
  #drafted = '';
  #checks = 0;

  readonly findings = $derived(Object.values(this.checked?.findings ?? {}).flat());
  readonly hindrances = $derived(this.findings.filter(forbids).length);
  /** Machines that could not be read; whether the others can do without them is for the preview to say. */
  readonly unread = $derived(Object.keys(this.checked?.unread ?? {}).length);

  async #busily<T>(work: () => Promise<T>): Promise<T | null> {
    this.busy = true;
    this.problem = null;
    try {
      return await work();
    } catch (error) {
      this.problem = problemOf(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** Proposes roles for the picked machines; asked again only when another set was picked. */
  async draft(hosts: Host[]): Promise<void> {
    const ids = hosts.map((host) => host.id);
    const key = ids.toSorted().join(' ');
    if (ids.length === 0 || key === this.#drafted) return;
    const before = this.#drafted;
    this.#drafted = key;
    const answer = await this.#busily(() => call('document-draft', { hosts: ids }));
    // Others may have been picked meanwhile: theirs is the draft.
    if (this.#drafted !== key) return;
    if (!answer) {
      this.#drafted = before;
      return;
    }
    // The logins that worked are part of the document, so that it can be used without this window.
    for (const machine of answer.document.machines) {
      const login = machines.loginAt(machine.address);
      machine.user ??= login?.user ?? null;
      machine.port ??= login?.port ?? null;
    }
    this.document = answer.document;
    this.stage = 'roles';
    this.plan = null;
    await this.check();
  }

  /** Takes a document that was written elsewhere. Throws what is wrong with it. */
  async open(yaml: string): Promise<void> {
    this.document = (await call('document-read', { yaml })).document;
    this.stage = 'roles';
    this.plan = this.run = this.problem = null;
    await this.check();
  }

  async check(): Promise<void> {
    const document = this.document;
    if (!document) return;
    // Of several checks under way only the last one speaks of the document as it is now.
    const asked = ++this.#checks;
    const answer = await this.#busily(() => call('check', { document: $state.snapshot(document) }));
    if (asked === this.#checks) this.checked = answer;
  }

  /** Changes one machine of the document, and checks anew. */
  change(name: string, wish: Partial<Pick<Machine, 'role' | 'interface'>>): void {
    const machine = this.document?.machines.find((other) => other.name === name);
    if (machine) Object.assign(machine, wish);
    this.#changed();
  }

  /** Makes these machines the servers and all others workers, and checks once for all of them. */
  arrange(servers: string[]): void {
    for (const machine of this.document?.machines ?? [])
      machine.role = servers.includes(machine.name) ? 'server' : 'agent';
    this.#changed();
  }

  #changed(): void {
    this.plan = null;
    void this.check();
  }

  async preview(): Promise<void> {
    const document = this.document;
    if (!document) return;
    this.plan = await this.#busily(() =>
      call('preview', { change: { kind: 'buildCluster', document: $state.snapshot(document) } }),
    );
    if (this.plan) this.stage = 'preview';
  }

  async build(start: (plan: string) => Promise<string>): Promise<void> {
    const plan = this.plan;
    if (!plan) return;
    const run = await this.#busily(() => start(plan.id));
    if (run) {
      this.run = run;
      this.stage = 'build';
    }
  }
}

export const cluster = new ClusterStore();
