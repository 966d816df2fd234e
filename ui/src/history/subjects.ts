// Whom history is about: hops by their id, and services as a whole as `path/NAME`.
import type { Column, Hop } from '../api/types';

/** What a subject is, from its id alone: it may be gone from the flow. */
const columns: Partial<Record<string, Column>> = {
  name: 'name',
  'way-in': 'way-in',
  edge: 'way-in',
  tunnel: 'way-in',
  cloudflared: 'way-in',
  ingress: 'ingress',
  certificate: 'certificate',
  service: 'service',
  pods: 'pods',
  node: 'runs-on',
};

const split = (subject: string): [kind: string, name: string] => {
  const slash = subject.indexOf('/');
  return slash < 0 ? [subject, ''] : [subject.slice(0, slash), subject.slice(slash + 1)];
};

/** The column that it stands in; none for the whole way to a service. */
export const columnOf = (subject: string): Column | null => columns[split(subject)[0]] ?? null;

/** The hop to show for it: a service stands for the whole way to it. */
export function hopOf(subject: string): string {
  const [kind, name] = split(subject);
  return kind === 'path' ? `service/${name}` : subject;
}

/** What one hop of a kind is called by itself, such as `pi-2`; empty where there is only one of its kind. What is in a
 * namespace is called without it. */
export function nameOf(subject: string): string {
  const [, name] = split(subject);
  return name.slice(name.lastIndexOf('/') + 1);
}

export interface Thing {
  label: string;
  /** Null where the flow no longer has it. */
  hop: string | null;
  columns: (Column | null)[];
}

/** Subjects that share a name are one thing: a machine is a way in and what things run on. */
export function things(
  subjects: readonly string[],
  hops: ReadonlyMap<string, Hop>,
  alone: Partial<Record<Column, string>>,
): Thing[] {
  const found = new Map<string, Thing>();
  for (const subject of subjects) {
    const column = columnOf(subject);
    const id = hopOf(subject);
    const known = hops.get(id);
    const label = known?.label ?? (nameOf(subject) || ((column && alone[column]) ?? subject));
    const thing = found.get(label) ?? { label, hop: null, columns: [] };
    thing.hop ??= known ? id : null;
    thing.columns.push(column);
    found.set(label, thing);
  }
  return [...found.values()];
}
