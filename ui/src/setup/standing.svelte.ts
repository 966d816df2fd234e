// Where this homelab stands on the way to a service, and what there is to say at each step: the same on every page
// that shows the way.
import { roleProblem, shapeOf } from '../cluster/roles';
import { shapeWords } from '../cluster/words';
import { toDo } from '../plan/groups';
import { stack, tokens } from '../state/answer.svelte';
import { cluster } from '../state/cluster.svelte';
import { machines } from '../state/machines.svelte';
import { runs, settled } from '../state/runs.svelte';
import { status } from '../state/status.svelte';
import { t } from '../text/catalogue';
import { count, fill, many, names } from '../text/format';
import { journey, type Known, type Stop } from './journey';

const text = t.setup;
/** What there is to say, one after the other. */
const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join(' · ');
const some = (value: number, [one, other]: readonly [string, string]): string =>
  value > 0 ? many(value, one, other) : '';

class Standing {
  readonly #built = $derived(cluster.built !== null);
  readonly #services = $derived(status.value?.services ?? 0);

  /** The build that is shown in place of a document: the one begun here, or one that an earlier window left. */
  readonly run = $derived(
    cluster.stage !== 'build' && cluster.document !== null
      ? undefined
      : cluster.run === null
        ? runs.unfinishedBuild
        : runs.get(cluster.run),
  );
  /** The document, unless others were picked since. */
  readonly #document = $derived(
    machines.chosen.length === 0 || cluster.isFor(machines.chosen) ? cluster.document : null,
  );
  /** A document that was opened needs no picks. */
  readonly #meant = $derived(
    machines.chosen.length > 0
      ? machines.chosen.map((host) => machines.isConnected(host))
      : (this.#document?.machines ?? []).map(({ address }) => machines.isConnectedAt(address)),
  );
  readonly #connected = $derived(this.#meant.filter(Boolean).length);

  readonly #known = $derived<Known>({
    picked: this.#meant.length,
    connected: this.#connected,
    checked:
      this.#document !== null && cluster.checked !== null && cluster.hindrances === 0 && cluster.unread === 0,
    roles: this.#document !== null && roleProblem(this.#document) === null,
    previewed: this.#document !== null && cluster.stage === 'preview' && cluster.plan?.hindrance === null,
    begun: this.run !== undefined,
    cluster: this.#built,
    token: tokens.own.report !== null,
    stack: Boolean(stack.value?.stack.acme ?? stack.value?.stack.tunnel),
    home: stack.value?.stack.names.kind === 'home',
    services: this.#services,
  });
  readonly states = $derived(journey(this.#known));
  /** The same, but that a document for a cluster that is there already goes the way again, to make it larger. */
  readonly clusterStates = $derived(
    this.#document === null || this.run ? this.states : journey({ ...this.#known, cluster: false }),
  );

  readonly said = $derived<Record<Stop, string>>({
    find: joined(
      some(machines.list.length, text.found),
      machines.chosen.length > 0 ? fill(text.picked, { count: count(machines.chosen.length) }) : '',
    ),
    connect: some(this.#connected, text.connected),
    check: this.#document ? this.#checkWords() : '',
    roles: this.#document ? shapeWords(shapeOf(this.#document)) : '',
    preview:
      this.#document && cluster.plan ? fill(t.plan.toDo, { count: count(toDo(cluster.plan.steps)) }) : '',
    build: this.#buildWords(),
    names:
      stack.value?.stack.names.kind === 'home'
        ? stack.value.stack.names.domain
        : names((tokens.own.report?.zones ?? []).map(({ name }) => name)),
    service: some(this.#services, t.app.services),
  });

  #checkWords(): string {
    if (cluster.checked === null) return cluster.busy ? t.cluster.checking : '';
    return (
      joined(some(cluster.hindrances, text.hindrances), some(cluster.unread, t.cluster.unread)) ||
      t.cluster.allGood
    );
  }

  #buildWords(): string {
    if (cluster.built)
      return fill(text.cluster, { name: cluster.built.name, version: cluster.built.k3sVersion });
    const steps = this.run?.steps;
    if (!steps) return '';
    return fill(t.run.progress, { done: count(steps.filter(settled).length), total: count(steps.length) });
  }

  /** For as long as a page shows the way: `$effect(() => standing.watch())`. */
  watch(): () => void {
    const stops = [tokens.own.watch(), ...(this.#built ? [stack.watch()] : [])];
    return () => stops.forEach((stop) => stop());
  }
}

export const standing = new Standing();
