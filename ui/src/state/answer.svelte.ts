// The latest answer to a question that only some pages ask: asked when such a page opens, and again after every run.
import { call, problemOf } from '../api/door';
import type { Problem, Rpc, TokenReport } from '../api/types';
import { feed } from './feed';

export class Answer<K extends keyof Rpc> {
  value = $state.raw<Rpc[K][1] | null>(null);
  problem = $state<Problem | null>(null);

  constructor(
    readonly name: K,
    readonly request: Rpc[K][0],
  ) {}

  /** What was known stays, with the problem beside it, when no answer comes. */
  async load(): Promise<void> {
    try {
      this.value = await call(this.name, this.request);
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  /** For as long as a page is open: `$effect(() => stack.watch())`. */
  watch(): () => void {
    const load = () => void this.load();
    load();
    const stops = [feed.on('run-ended', load), feed.onGap(load)];
    return () => stops.forEach((stop) => stop());
  }
}

/** What a token can do; the token itself is never here. */
export class TokenAnswer extends Answer<'token-report'> {
  readonly report = $derived(this.problem === null ? this.value : null);

  given(report: TokenReport): void {
    this.value = report;
    this.problem = null;
  }
}

/** What is stored where; no secret is in it. */
export const credentials = new Answer('credentials', {});

/** Where alerts go and when. */
export const alerts = new Answer('alerts', {});

export const stack = new Answer('stack', {});
export const home = new Answer('home', {});
export const keys = new Answer('keys', {});
export const names = new Answer('names', {});
export const rehearsal = new Answer('rehearsal', {});
export const tokens = {
  own: new TokenAnswer('token-report', { cluster: false }),
  cluster: new TokenAnswer('token-report', { cluster: true }),
};
export type Whose = keyof typeof tokens;
