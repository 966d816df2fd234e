// The cluster as it is being written down: the document, what the check says about it, and the plan.
// A change to the document makes check and plan worthless, so both are dropped with it.
import { call, problemOf } from '../api/door';
import type { Checked, ClusterDocument, Finding, Host, Machine, PlanView, Problem } from '../api/types';
import { machines } from './machines.svelte';
import { runs } from './runs.svelte';
import { status } from './status.svelte';

export type Stage = 'roles' | 'preview' | 'build';

/** Whether a finding forbids the build; what a step of the plan mends does not. */
export const forbids = ({ severity, fix }: Finding): boolean =>
  severity === 'stop' && fix?.kind !== 'cgroup-cmdline';

/** Looks at the document are its check and its preview; what is built is true whatever the document has become. */
type Sort = 'draft' | 'look' | 'build';

class ClusterStore {
  document = $state<ClusterDocument | null>(null);
  checked = $state<Checked | null>(null);
  plan = $state<PlanView | null>(null);
  run = $state<string | null>(null);
  stage = $state<Stage>('roles');
  problem = $state<Problem | null>(null);
  /** What was asked for last and is not answered yet, one of each sort. */
  #asked = $state<Record<Sort, symbol | null>>({ draft: null, look: null, build: null });
  /** The machines that the document was drafted for. */
  hosts = $state.raw<string[]>([]);

  readonly busy = $derived(Object.values(this.#asked).some((asked) => asked !== null));
  /** The wish for a cluster is there as soon as its build begins; it is one once that has ended well. */
  readonly built = $derived(runs.unfinishedBuild === undefined ? (status.value?.cluster ?? null) : null);
  readonly findings = $derived(Object.values(this.checked?.findings ?? {}).flat());
  readonly hindrances = $derived(this.findings.filter(forbids).length);
  /** Machines that could not be read; whether the others can do without them is for the preview to say. */
  readonly unread = $derived(Object.keys(this.checked?.unread ?? {}).length);

  /**
   * Asks, and takes the answer, or null where none came. Of several of a sort the last one asked decides: an older
   * answer speaks of a document that is no more, whenever it comes, and so does what went wrong with it.
   */
  async #ask<T>(
    sort: Sort,
    work: () => Promise<T>,
    take: (answer: T | null) => void | Promise<void>,
  ): Promise<void> {
    const asked = (this.#asked[sort] = Symbol(sort));
    this.problem = null;
    const answered = await work().then(
      (answer) => ({ answer, problem: null }),
      (error) => ({ answer: null, problem: problemOf(error) }),
    );
    if (this.#asked[sort] !== asked) return;
    this.#asked[sort] = null;
    if (answered.problem) this.problem = answered.problem;
    await take(answered.answer);
  }

  /** Whether the document is for just these machines, under whichever id they were known when it was drafted. */
  isFor(hosts: Host[]): boolean {
    const had = ({ id, formerly }: Host) => [id, ...formerly].some((known) => this.hosts.includes(known));
    return hosts.length === this.hosts.length && hosts.every(had);
  }

  /** Proposes roles for the picked machines; asked again only when another set was picked. */
  async draft(hosts: Host[]): Promise<void> {
    if (hosts.length === 0 || this.isFor(hosts)) {
      // Others may have been picked and put back meanwhile: a draft for those is not wanted any more.
      this.#asked.draft = null;
      return;
    }
    const ids = hosts.map(({ id }) => id);
    await this.#ask(
      'draft',
      () => call('document-draft', { hosts: ids }),
      async (answer) => {
        if (!answer) return;
        // The logins that worked are part of the document, so that it can be used without this window.
        for (const machine of answer.document.machines) {
          const login = machines.loginAt(machine.address);
          machine.user ??= login?.user ?? null;
          machine.port ??= login?.port ?? null;
        }
        await this.#begin(answer.document, ids);
      },
    );
  }

  /** Takes a document that was written elsewhere; it stands until others are picked. Throws what is wrong with it. */
  async open(yaml: string): Promise<void> {
    const { document } = await call('document-read', { yaml });
    this.#asked.draft = null;
    this.run = this.problem = null;
    await this.#begin(
      document,
      machines.chosen.map(({ id }) => id),
    );
  }

  /** Goes on where an earlier window was left: looks at the machines again, and then at the plan if it was at that. */
  async takeUp(document: ClusterDocument, hosts: string[], stage: Stage): Promise<void> {
    await this.#begin(document, hosts);
    if (stage === 'preview' && this.checked && this.hindrances === 0) await this.preview();
  }

  async #begin(document: ClusterDocument, hosts: string[]): Promise<void> {
    this.document = document;
    this.hosts = hosts;
    this.stage = 'roles';
    this.checked = this.plan = null;
    await this.check();
  }

  async check(): Promise<void> {
    if (!this.document) return;
    const document = $state.snapshot(this.document);
    await this.#ask(
      'look',
      () => call('check', { document }),
      (checked) => {
        this.checked = checked;
        if (!checked) return;
        for (const { name, address } of document.machines)
          machines.looked(address, !(name in checked.unread));
      },
    );
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
    if (!this.document) return;
    const document = $state.snapshot(this.document);
    await this.#ask(
      'look',
      () => call('preview', { change: { kind: 'buildCluster', document } }),
      (plan) => {
        this.plan = plan;
        if (plan) this.stage = 'preview';
      },
    );
  }

  async build(start: (plan: string) => Promise<string>): Promise<void> {
    const plan = this.plan;
    if (!plan) return;
    await this.#ask(
      'build',
      () => start(plan.id),
      (run) => {
        if (!run) return;
        this.run = run;
        this.stage = 'build';
      },
    );
  }
}

export const cluster = new ClusterStore();
