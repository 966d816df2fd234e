// Runs: the list, and those that are looked at, kept current by events.
import { SvelteMap } from 'svelte/reactivity';
import { call, problemOf } from '../api/door';
import type { Problem, Run, RunStep, RunSummary } from '../api/types';
import { feed } from './feed';

/** A step that needs nothing more. */
export const settled = (step: RunStep): boolean => step.state === 'done' || step.state === 'skipped';

class RunsStore {
  list = $state<RunSummary[]>([]);
  loaded = $state(false);
  problem = $state<Problem | null>(null);
  #open = new SvelteMap<string, Run>();
  readonly running = $derived(this.list.find((run) => run.state === 'running') ?? null);

  get(id: string): Run | undefined {
    return this.#open.get(id);
  }

  async load(): Promise<void> {
    try {
      this.list = (await call('runs', {})).runs;
      this.loaded = true;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async open(id: string): Promise<void> {
    try {
      this.#open.set(id, await call('run', { id }));
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  async apply(plan: string): Promise<string> {
    const { run } = await call('apply', { plan });
    await Promise.all([this.open(run), this.load()]);
    return run;
  }

  async cancel(id: string): Promise<void> {
    await call('cancel', { run: id });
  }

  async resume(id: string): Promise<string> {
    const { run } = await call('resume', { run: id });
    await Promise.all([this.open(run), this.load()]);
    return run;
  }

  listen(): () => void {
    void this.load();
    const stops = [
      feed.on('run', ({ run }) => {
        this.#open.set(run.id, run);
        const known = this.list.find((other) => other.id === run.id);
        if (!known) void this.load();
        else {
          known.state = run.state;
          known.finishedAt = run.finishedAt;
          known.done = run.steps.filter(settled).length;
          known.total = run.steps.length;
        }
      }),
      feed.on('log', ({ run, step, line }) => {
        const open = this.#open.get(run);
        if (!open) return;
        const steps = open.steps.map((other) =>
          other.id === step ? { ...other, log: [...other.log, line] } : other,
        );
        this.#open.set(run, { ...open, steps });
      }),
      feed.onGap(() => {
        void this.load();
        for (const id of this.#open.keys()) void this.open(id);
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const runs = new RunsStore();
