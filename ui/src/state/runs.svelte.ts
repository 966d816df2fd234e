// Every run with its steps, kept current by events: a step at a time, and one at the end.
import { SvelteMap } from 'svelte/reactivity';
import { call, problemOf } from '../api/door';
import type { Problem, Run, RunStep } from '../api/types';
import { feed } from './feed';

/** A step that needs nothing more. */
export const settled = (step: RunStep): boolean => step.state === 'done' || step.state === 'skipped';

class RunsStore {
  #runs = new SvelteMap<string, Run>();
  loaded = $state(false);
  problem = $state<Problem | null>(null);
  readonly list = $derived([...this.#runs.values()].sort((a, b) => b.startedAt - a.startedAt));

  /** The latest build, where it did not end well: an older one that failed is of no interest any more. */
  readonly unfinishedBuild = $derived.by(() => {
    const latest = this.list.find(({ change }) => change.kind === 'buildCluster');
    return latest?.state === 'done' ? undefined : latest;
  });

  get(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  async load(): Promise<void> {
    try {
      for (const run of (await call('runs', {})).runs) this.#runs.set(run.id, run);
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.loaded = true;
  }

  async open(id: string): Promise<void> {
    try {
      this.#runs.set(id, await call('run', { run: id }));
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async apply(plan: string): Promise<string> {
    return this.#began(await call('apply', { plan }));
  }

  async cancel(id: string): Promise<void> {
    await call('cancel', { run: id });
  }

  async resume(id: string): Promise<string> {
    return this.#began(await call('resume', { run: id }));
  }

  /** The answer may be older than the events that overtook it. */
  #began(run: Run): string {
    if (!this.#runs.has(run.id)) this.#runs.set(run.id, run);
    void this.open(run.id);
    return run.id;
  }

  #step(id: string, step: RunStep, secondsLeft: number | null): void {
    const run = this.#runs.get(id);
    if (!run?.steps.some((other) => other.id === step.id)) return void this.open(id);
    const steps = run.steps.map((other) => (other.id === step.id ? step : other));
    this.#runs.set(id, { ...run, steps, secondsLeft });
  }

  listen(): () => void {
    void this.load();
    const stops = [
      feed.on('step', ({ run, step, secondsLeft }) => this.#step(run, step, secondsLeft)),
      feed.on('run-ended', ({ run }) => void this.open(run)),
      feed.onGap(() => void this.load()),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const runs = new RunsStore();
