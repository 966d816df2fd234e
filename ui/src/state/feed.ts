// One listener for the whole window, fanned out by kind. Events are numbered; when a number is missing
// something was not heard, and every store takes its snapshot again.
import { listen } from '../api/door';
import type { Event } from '../api/types';

type Kind = Event['kind'];
type Of<K extends Kind> = Extract<Event, { kind: K }>;

export class Feed {
  #hearers = new Map<Kind, Set<(event: Event) => void>>();
  #snapshots = new Set<() => void>();
  #last: number | null = null;

  on<K extends Kind>(kind: K, hear: (event: Of<K>) => void): () => void {
    const hearers = this.#hearers.get(kind) ?? new Set();
    this.#hearers.set(kind, hearers);
    hearers.add(hear as (event: Event) => void);
    return () => hearers.delete(hear as (event: Event) => void);
  }

  /** Registers what to load again when events were missed. */
  onGap(load: () => void): () => void {
    this.#snapshots.add(load);
    return () => this.#snapshots.delete(load);
  }

  start(): () => void {
    return listen(
      (event) => this.take(event),
      () => this.#reload(),
    );
  }

  take(event: Event): void {
    const missed = this.#last !== null && event.seq > this.#last + 1;
    if (this.#last !== null && event.seq <= this.#last) return;
    this.#last = event.seq;
    for (const hear of this.#hearers.get(event.kind) ?? []) hear(event);
    if (missed) this.#reload();
  }

  #reload(): void {
    this.#last = null;
    for (const load of this.#snapshots) load();
  }
}

export const feed = new Feed();
