// The services that have a name, and those of the cluster that could get one.
import { call, problemOf } from '../api/door';
import type { AvailableService, ExposedService, Problem } from '../api/types';
import { everything, type Filter } from '../flow/filter';
import { feed } from './feed';
import { inTurn, REST } from './frame';

class ServicesStore {
  exposed = $state.raw<ExposedService[]>([]);
  available = $state.raw<AvailableService[]>([]);
  loaded = $state(false);
  problem = $state<Problem | null>(null);
  /** What was asked for of the list; kept while one of them is changed. */
  filter = $state.raw<Filter>(everything);
  /** Namespaces that somebody folded or opened; the others are folded when there are many services. */
  folds = $state.raw<ReadonlyMap<string, boolean>>(new Map());

  async load(): Promise<void> {
    try {
      const { exposed, available } = await call('services', {});
      this.exposed = exposed;
      this.available = available;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.loaded = true;
  }

  listen(): () => void {
    const load = inTurn(() => this.load(), REST);
    load();
    const stops = [feed.on('flow', load), feed.on('run-ended', load), feed.onGap(load)];
    return () => stops.forEach((stop) => stop());
  }
}

export const services = new ServicesStore();
