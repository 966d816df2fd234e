// Keeps the set-up for the next window while it is on its way to a build, and takes up what an earlier window kept.
// Deliberately not here: what of it is kept, and how it is read (kept.ts), and the build, which its run remembers.
import { untrack } from 'svelte';
import type { ClusterDocument } from '../api/types';
import { cluster } from './cluster.svelte';
import { forget, keep, recall, type Kept, type World } from './kept';
import { machines } from './machines.svelte';
import { runs } from './runs.svelte';
import { status } from './status.svelte';

/** The window may have ended before it could forget what it had just begun to build. */
function isBegun(document: ClusterDocument): boolean {
  const change = runs.unfinishedBuild?.change;
  const who = ({ machines }: ClusterDocument) => machines.map(({ name, role }) => `${name} ${role}`).join();
  return change?.kind === 'buildCluster' && who(change.document) === who(document);
}

class Keeping {
  /** Whose set-up this window keeps, once it has taken up what was there. */
  #world = $state<World | null>(null);
  #paused = $state(false);
  readonly #loaded = $derived(status.value !== null && machines.loaded && runs.loaded);

  /** For as long as the window is open; called where effects may be made. */
  start(): void {
    // Only once it is known which machines there are, and in which world.
    $effect(() => {
      if (this.#loaded && this.#world === null) untrack(() => this.#takeUp());
    });
    $effect(() => {
      const world = this.#world;
      if (world === null || this.#paused) return;
      // What was built, or is being built, is seen by looking.
      if (cluster.built || cluster.stage === 'build') forget(world);
      else keep(world, this.#now());
    });
  }

  /** While another world is opened: what is seen meanwhile may be of either. Answers how to go on in this one. */
  pause(): () => void {
    this.#paused = true;
    return () => (this.#paused = false);
  }

  #now(): Kept {
    const { document, hosts, stage } = cluster;
    return {
      picked: [...machines.picked],
      drafted: document && { document, hosts, stage: stage === 'preview' ? stage : 'roles' },
    };
  }

  #takeUp(): void {
    const world = status.value?.practice ? 'practice' : 'home';
    const { picked, drafted } = recall(world);
    this.#world = world;
    if (cluster.built || (drafted && isBegun(drafted.document))) return;
    for (const id of picked) {
      const host = machines.once(id);
      if (host) machines.pick(host.id, true);
    }
    // With a machine less the roles may be others: the rest are drafted anew, where roles are chosen.
    if (drafted?.hosts.every((id) => machines.once(id)) && !cluster.document)
      void cluster.takeUp(drafted.document, drafted.hosts, drafted.stage);
  }
}

export const keeping = new Keeping();
