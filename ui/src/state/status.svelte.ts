// The summary in the corner: practice or real, which cluster, how many of what.
import { call, problemOf } from '../api/door';
import type { Problem, Status } from '../api/types';
import { feed } from './feed';
import { inTurn, REST } from './frame';

class StatusStore {
  value = $state<Status | null>(null);
  problem = $state<Problem | null>(null);
  /** Ticks once a second, for "seen 2 s ago". */
  now = $state(Date.now());

  async load(): Promise<void> {
    try {
      this.value = await call('status', {});
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  start(): () => void {
    const load = inTurn(() => this.load(), REST);
    load();
    const stops = [
      feed.on('run-ended', load),
      feed.on('flow', load),
      feed.on('scan-done', load),
      feed.onGap(load),
    ];
    const tick = setInterval(() => (this.now = Date.now()), 1000);
    return () => {
      clearInterval(tick);
      stops.forEach((stop) => stop());
    };
  }
}

export const status = new StatusStore();
