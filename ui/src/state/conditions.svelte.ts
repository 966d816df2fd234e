// What is wrong now, and what is being worked on. Events carry the first alone; the second stays as it was last answered.
import { call, problemOf } from '../api/door';
import type { Condition, Conditions, Hush, Problem } from '../api/types';
import { feed } from './feed';

class ConditionsStore {
  /** None until somebody said. */
  list = $state.raw<Condition[] | null>(null);
  /** Machines and hostnames, until when (unix ms). */
  maintenance = $state.raw<Conditions['maintenance']>({});
  problem = $state<Problem | null>(null);
  #heard = 0;

  async load(): Promise<void> {
    try {
      await this.#take(() => call('conditions', {}));
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  /** Says that somebody knows of it, or takes that back. Throws what refused it. */
  hush(id: string, hush: Hush | null): Promise<void> {
    return this.#take(() => call('hush', { id, hush }));
  }

  /** Says until when something is being worked on, or that the work is over. Throws what refused it. */
  maintain(subject: string, until: number | null): Promise<void> {
    return this.#take(() => call('maintain', { subject, until }));
  }

  /** An answer may be older than the event that overtook it. */
  async #take(ask: () => Promise<Conditions>): Promise<void> {
    const heard = this.#heard;
    const { conditions, maintenance } = await ask();
    if (heard === this.#heard) this.list = conditions;
    this.maintenance = maintenance;
  }

  listen(): () => void {
    const load = () => void this.load();
    load();
    const stops = [
      feed.on('conditions', ({ conditions }) => {
        this.#heard += 1;
        this.list = conditions;
        // Whoever tells can be asked again.
        if (this.problem) load();
      }),
      feed.on('run-ended', load),
      feed.onGap(load),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const conditions = new ConditionsStore();
