// The flow graph as the backend last saw it, and which hop is selected.
import { call, problemOf } from '../api/door';
import type { FlowGraph, Path, Problem } from '../api/types';
import { feed } from './feed';

class FlowStore {
  graph = $state.raw<FlowGraph | null>(null);
  problem = $state<Problem | null>(null);
  selected = $state<string | null>(null);

  /** Every path that the selected hop lies on. */
  readonly paths = $derived<Path[]>(
    this.selected === null
      ? []
      : (this.graph?.paths.filter((path) => path.hops.includes(this.selected ?? '')) ?? []),
  );
  readonly lit = $derived(new Set(this.paths.flatMap((path) => path.hops)));

  async load(): Promise<void> {
    try {
      this.graph = await call('flow', {});
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  select(id: string | null): void {
    this.selected = id === this.selected ? null : id;
  }

  listen(): () => void {
    void this.load();
    const load = () => void this.load();
    const stops = [
      feed.on('flow', ({ flow }) => (this.graph = flow)),
      feed.on('run-ended', load),
      feed.onGap(load),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const flow = new FlowStore();
