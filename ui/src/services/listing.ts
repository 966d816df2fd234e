// Which services a person asked for, how they stand in the list, and how the address of the page says it.
import type { ExposedService, Health } from '../api/types';
import { worst } from '../flow/fold';
import { everything, isNarrow, type Filter } from '../flow/filter';

/** From here on namespaces are folded until somebody opens them. */
export const crowd = 24;
export const healths: readonly Health[] = ['up', 'degraded', 'down', 'unknown'];

export const spacesOf = (all: readonly ExposedService[]): string[] =>
  [...new Set(all.map(({ namespace }) => namespace))].filter((name) => name !== '').toSorted();

export function fitting(all: readonly ExposedService[], filter: Filter): readonly ExposedService[] {
  if (!isNarrow(filter)) return all;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ exposure, namespace, health }) => {
    const said = `${exposure.name} ${exposure.hostname} ${namespace}`.toLowerCase();
    return (
      (filter.healths.length === 0 || filter.healths.includes(health)) &&
      (filter.reach === 'all' || filter.reach === exposure.reach) &&
      (filter.namespace === null || filter.namespace === namespace) &&
      words.every((word) => said.includes(word))
    );
  });
}

export interface Part {
  namespace: string;
  health: Health;
  count: number;
  open: boolean;
  /** Of a folded one those alone that are not up: folding hides no trouble. */
  shown: readonly ExposedService[];
}

/** By namespace, in the order of their names. */
export function parts(all: readonly ExposedService[], isFolded: (namespace: string) => boolean): Part[] {
  const spaces = new Map<string, ExposedService[]>();
  for (const service of all) {
    const there = spaces.get(service.namespace);
    if (there) there.push(service);
    else spaces.set(service.namespace, [service]);
  }
  return [...spaces]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([namespace, services]) => {
      const open = !isFolded(namespace);
      const shown = open ? services : services.filter(({ health }) => health !== 'up');
      const health = worst(services.map((service) => service.health));
      return { namespace, health, count: services.length, open, shown };
    });
}

/** What the page's address says after `services/list/`. */
export function written({ text, healths, reach, namespace }: Filter): string {
  const said = new URLSearchParams();
  if (text !== '') said.set('text', text);
  if (healths.length > 0) said.set('health', healths.join(' '));
  if (reach !== 'all') said.set('reach', reach);
  if (namespace !== null) said.set('namespace', namespace);
  return said.toString();
}

/** What is no filter is none. */
export function read(address: string): Filter {
  const said = new URLSearchParams(address);
  const reach = said.get('reach');
  const wanted = said.get('health')?.split(' ') ?? [];
  return {
    text: said.get('text') ?? everything.text,
    healths: healths.filter((health) => wanted.includes(health)),
    reach: reach === 'public' || reach === 'lan' ? reach : 'all',
    namespace: said.get('namespace'),
  };
}
