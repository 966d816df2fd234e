// The cluster as it is being written down: the document, what the check says about it, and the plan.
// A change to the document makes check and plan worthless, so both are dropped with it.
import { call, problemOf } from '../api/door';
import type { ClusterDocument, Finding, MachineFindings, Plan, Problem, Role } from '../api/types';

export type Stage = 'roles' | 'preview' | 'build';

class ClusterStore {
  document = $state<ClusterDocument | null>(null);
  checked = $state<MachineFindings[] | null>(null);
  plan = $state<Plan | null>(null);
  run = $state<string | null>(null);
  stage = $state<Stage>('roles');
  problem = $state<Problem | null>(null);
  busy = $state(false);
  #drafted = '';

  readonly servers = $derived(
    this.document?.machines.filter((machine) => machine.role === 'server').length ?? 0,
  );
  readonly blockers = $derived(
    this.checked?.flatMap(({ machine, findings }) =>
      findings.filter((finding) => finding.severity === 'blocker').map((finding) => ({ machine, finding })),
    ) ?? [],
  );

  findings(machine: string): Finding[] {
    return this.checked?.find((entry) => entry.machine === machine)?.findings ?? [];
  }

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
  async draft(ids: string[]): Promise<void> {
    const key = ids.toSorted().join(' ');
    if (ids.length === 0 || key === this.#drafted) return;
    const answer = await this.#busily(() => call('document-draft', { machines: ids }));
    if (!answer) return;
    this.#drafted = key;
    this.document = answer.document;
    this.stage = 'roles';
    this.plan = null;
    await this.check();
  }

  async check(): Promise<void> {
    const document = this.document;
    if (!document) return;
    const answer = await this.#busily(() => call('check', { document: $state.snapshot(document) }));
    this.checked = answer?.machines ?? null;
  }

  role(name: string, role: Role): void {
    const machine = this.document?.machines.find((other) => other.name === name);
    if (machine) machine.role = role;
    this.plan = null;
    void this.check();
  }

  async preview(): Promise<void> {
    const document = this.document;
    if (!document) return;
    const plan = await this.#busily(() =>
      call('preview', { change: { kind: 'build', document: $state.snapshot(document) } }),
    );
    this.plan = plan;
    if (plan) this.stage = 'preview';
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
