// What happened and how well services served, over the window of time that was chosen. Only the page History asks.
import { call, problemOf } from '../api/door';
import type { History, HistoryWindow, Problem, Timeline } from '../api/types';
import { renewed } from '../history/timeline';
import { feed } from './feed';

/** A picture comes every few seconds. What happened should be listed soon; the finest that is kept is a minute. */
const SOON = 15_000;
const MINUTE = 60_000;

/** What is asked for by itself, and can fail by itself. */
type Part = 'timeline' | 'services';

class PastStore {
  window = $state<HistoryWindow>('week');
  timeline = $state.raw<Timeline | null>(null);
  services = $state.raw<History[] | null>(null);
  problems = $state<Record<Part, Problem | null>>({ timeline: null, services: null });
  busy = $state(false);

  choose(window: HistoryWindow): void {
    this.window = window;
    this.timeline = this.services = null;
    this.load();
  }

  load(): void {
    void this.#newest();
    void this.#served();
  }

  /** The next older page. */
  async more(): Promise<void> {
    const shown = this.timeline;
    if (shown === null || shown.next === null || this.busy) return;
    this.busy = true;
    await this.#ask('timeline', async (window) => {
      const older = await call('timeline', { window, before: shown.next, limit: null });
      return () => {
        // The first page may have been renewed meanwhile; what is older has to go on where it ends.
        const now = this.timeline;
        if (now?.next !== shown.next) return;
        this.timeline = { entries: [...now.entries, ...older.entries], next: older.next };
      };
    });
    this.busy = false;
  }

  #newest(): Promise<void> {
    return this.#ask('timeline', async (window) => {
      const fresh = await call('timeline', { window, before: null, limit: null });
      return () => (this.timeline = renewed(this.timeline, fresh));
    });
  }

  #served(): Promise<void> {
    return this.#ask('services', async (window) => {
      const { histories } = await call('history', { of: { kind: 'services' }, window });
      return () => (this.services = histories);
    });
  }

  /** An answer for a window that is no longer chosen is of no use. What was known stays where there is none. */
  async #ask(part: Part, question: (window: HistoryWindow) => Promise<() => void>): Promise<void> {
    const asked = this.window;
    try {
      const take = await question(asked);
      if (asked !== this.window) return;
      take();
      this.problems[part] = null;
    } catch (error) {
      if (asked === this.window) this.problems[part] = problemOf(error);
    }
  }

  /** For as long as the page is open. */
  watch(): () => void {
    this.load();
    let [looked, summed] = [Date.now(), Date.now()];
    const stops = [
      feed.on('run-ended', () => void this.#newest()),
      feed.onGap(() => this.load()),
      feed.on('flow', () => {
        const now = Date.now();
        if (now - looked >= SOON) {
          looked = now;
          void this.#newest();
        }
        if (now - summed >= MINUTE) {
          summed = now;
          void this.#served();
        }
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const past = new PastStore();
