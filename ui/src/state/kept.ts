// What a window leaves for the next one of the set-up before the build: which machines were picked, and the document
// that was drafted for them. No secret is in it: it is read field by field, and the document's type has none.
// What cannot be read, or was written by a later version, is as good as not there.
import type { ClusterDocument, Machine, Options, Release } from '../api/types';

/** A rehearsal and the real homelab are kept apart. */
export type World = 'home' | 'practice';
export interface Kept {
  /** The ids of the picked machines. */
  picked: string[];
  drafted: Drafted | null;
}
export interface Drafted {
  document: ClusterDocument;
  /** The ids of the machines that it was drafted for. */
  hosts: string[];
  /** The plan itself is not kept: it is of the moment. */
  stage: 'roles' | 'preview';
}

/** Of what is kept here. Counts up when a field is added that an older window would lose. */
const version = 1;
/** Of the document, as the backend writes it. */
const documentVersion = 1;
const keys: Record<World, string> = { home: 'portico-set-up', practice: 'portico-set-up-practice' };

export function keep(world: World, kept: Kept): void {
  if (kept.picked.length === 0 && !kept.drafted) return forget(world);
  localStorage.setItem(keys[world], JSON.stringify({ version, ...keptOf({ ...kept }) }));
}

export function forget(world: World): void {
  localStorage.removeItem(keys[world]);
}

export function recall(world: World): Kept {
  const nothing: Kept = { picked: [], drafted: null };
  return orElse(nothing, () => {
    const read = fields(JSON.parse(localStorage.getItem(keys[world]) ?? 'null'));
    return read.version === version ? keptOf(read) : nothing;
  });
}

// Readers: each answers what it was given as what it should be, with nothing beside it, or throws.

const malformed = (): never => {
  throw new TypeError('malformed');
};
const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : malformed();
const text = (value: unknown): string => (typeof value === 'string' ? value : malformed());
const number = (value: unknown): number => (typeof value === 'number' ? value : malformed());
const flag = (value: unknown): boolean => (typeof value === 'boolean' ? value : malformed());
const list = <T>(value: unknown, read: (item: unknown) => T): T[] =>
  Array.isArray(value) ? value.map(read) : malformed();
const orNull = <T>(value: unknown, read: (value: unknown) => T): T | null =>
  value === null ? null : read(value);

function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** The picks are worth keeping without the document. */
const keptOf = ({ picked, drafted }: Record<string, unknown>): Kept => ({
  picked: list(picked, text),
  drafted: orElse(null, () => orNull(drafted, draftedOf)),
});

function draftedOf(value: unknown): Drafted {
  const { document, hosts, stage } = fields(value);
  return {
    document: documentOf(document),
    hosts: list(hosts, text),
    stage: stage === 'preview' ? stage : 'roles',
  };
}

function documentOf(value: unknown): ClusterDocument {
  const document = fields(value);
  const k3s = fields(document.k3s);
  return {
    version: document.version === documentVersion ? documentVersion : malformed(),
    name: text(document.name),
    k3s: { release: releaseOf(k3s.release), folder: orNull(k3s.folder, text) },
    machines: list(document.machines, machineOf),
    options: optionsOf(document.options),
  };
}

function releaseOf(value: unknown): Release {
  const release = fields(value);
  return 'version' in release ? { version: text(release.version) } : { channel: text(release.channel) };
}

function machineOf(value: unknown): Machine {
  const { name, address, role, user, port, interface: card } = fields(value);
  return {
    name: text(name),
    address: text(address),
    role: role === 'server' || role === 'agent' ? role : malformed(),
    user: orNull(user, text),
    port: orNull(port, number),
    interface: orNull(card, text),
  };
}

function optionsOf(value: unknown): Options {
  const options = fields(value);
  return {
    traefik: flag(options.traefik),
    servicelbOnWorkers: flag(options.servicelbOnWorkers),
    clusterCidr: text(options.clusterCidr),
    serviceCidr: text(options.serviceCidr),
    allowCgroupV1: flag(options.allowCgroupV1),
    tlsSan: list(options.tlsSan, text),
  };
}
