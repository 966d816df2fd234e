// Something that a person asked for and that may be refused: whether it is under way, and why it failed the last time.
import { problemOf } from '../api/door';
import type { Problem } from '../api/types';

export class Attempt {
  busy = $state(false);
  problem = $state<Problem | null>(null);

  async make(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = problemOf(error);
    } finally {
      this.busy = false;
    }
  }
}
