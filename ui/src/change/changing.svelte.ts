// One change on its way: previewed, read, applied, watched. Every write of the window but the build goes through here.
import { call } from '../api/door';
import type { Change, PlanView } from '../api/types';
import { Attempt } from '../state/attempt.svelte';
import { runs } from '../state/runs.svelte';

export class Changing extends Attempt {
  plan = $state.raw<PlanView | null>(null);
  runId = $state<string | null>(null);

  readonly run = $derived(this.runId === null ? undefined : runs.get(this.runId));
  readonly shown = $derived(this.plan !== null || this.run !== undefined);
  /** Everything that said no: to the preview as a whole, to the plan, to a step of the run. */
  readonly refusals = $derived(
    [this.problem, this.plan?.hindrance, ...(this.run?.steps ?? []).map((step) => step.problem)].filter(
      (problem) => problem !== null && problem !== undefined,
    ),
  );

  /** Shows the plan, unless it is sent back to the form. */
  preview(change: Change, back: (plan: PlanView) => boolean = () => false): Promise<void> {
    return this.make(async () => {
      const plan = await call('preview', { change });
      if (!back(plan)) this.plan = plan;
    });
  }

  apply(): Promise<void> {
    return this.make(async () => void (this.plan && (this.runId = await runs.apply(this.plan.id))));
  }

  /** Back to the form or the list that it came from. */
  reset(): void {
    this.plan = this.runId = this.problem = null;
  }
}
