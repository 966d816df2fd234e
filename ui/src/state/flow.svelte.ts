// The flow graph as the backend last saw it, which hop is selected, and what part of it a person asked for.
import { call, problemOf } from '../api/door';
import type { FlowGraph, Path, Problem } from '../api/types';
import { byId, everything, namespaceOf, narrow, type Filter } from '../flow/filter';
import { crowd } from '../flow/fold';
import { named } from '../flow/hops';
import { feed } from './feed';
import { inTurn, perFrame } from './frame';

/** Pictures that follow one another faster than this, in ms, are not told apart by anybody, and each leaves much behind. */
const FOLLOWABLE = 50;

class FlowStore {
  graph = $state.raw<FlowGraph | null>(null);
  problem = $state<Problem | null>(null);
  selected = $state<string | null>(null);
  filter = $state.raw<Filter>(everything);
  /** Namespaces that somebody folded or opened; the others are folded when there are many services. */
  folds = $state.raw<ReadonlyMap<string, boolean>>(new Map());

  /** What is drawn and listed. */
  readonly shown = $derived(this.graph && narrow(this.graph, this.filter));
  readonly crowded = $derived((this.shown?.paths.length ?? 0) > crowd);

  /** Every path that the selected hop lies on. */
  readonly paths = $derived<Path[]>(
    this.selected === null
      ? []
      : (this.graph?.paths.filter((path) => path.hops.includes(this.selected ?? '')) ?? []),
  );
  readonly lit = $derived(new Set(this.paths.flatMap((path) => path.hops)));

  load = (): Promise<void> => this.#ask('flow');

  async #ask(what: 'flow' | 'flow-told'): Promise<void> {
    try {
      this.graph = named(await call(what, {}));
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  select(id: string | null): void {
    this.selected = id === this.selected ? null : id;
  }

  /** Shows a hop wherever it is: not filtered away, and its namespace open. */
  reveal(id: string): void {
    if (!this.graph) return;
    if (!this.shown?.hops.some((hop) => hop.id === id)) this.filter = everything;
    const hops = byId(this.graph);
    const column = hops.get(id)?.column;
    const path = this.graph.paths.find((other) => other.hops.includes(id));
    if (path && ['service', 'name', 'certificate', 'pods'].includes(column ?? ''))
      this.fold([namespaceOf(path, hops)], false);
    this.selected = id;
  }

  narrow(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
  }

  readonly isFolded = (namespace: string): boolean => this.folds.get(namespace) ?? this.crowded;

  fold(namespaces: string[], folded: boolean): void {
    this.folds = new Map([...this.folds, ...namespaces.map((name) => [name, folded] as const)]);
  }

  listen(): () => void {
    void this.load();
    const load = () => void this.load();
    // A picture is asked for when the last one has been drawn, however many were told of meanwhile.
    const told = perFrame(inTurn(() => this.#ask('flow-told'), FOLLOWABLE));
    const stops = [feed.on('flow', told), feed.on('run-ended', load), feed.onGap(load)];
    return () => stops.forEach((stop) => stop());
  }
}

export const flow = new FlowStore();
