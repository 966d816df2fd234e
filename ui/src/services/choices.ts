// What can get a name: the apps of the catalogue, which are made with it, and the services that the cluster has already.
import type { App, AvailableService, Exposure } from '../api/types';
import { t } from '../text/catalogue';

/** The image of the echo app. */
const echoImage = 'docker.io/traefik/whoami:v1.11.0';

export type What = 'echo' | App | 'service';
type Backend = Exposure['backend'];
/** Who is let in is not chosen yet. */
export type Opened = Omit<Exposure, 'reach' | 'access'>;

export interface Port {
  value: string;
  label: string;
  backend: Backend & { kind: 'service' };
}

/** Each port of each service of the cluster. */
export const portsOf = (available: readonly AvailableService[]): Port[] =>
  available.flatMap(({ namespace, name, ports }) =>
    ports.map((port) => ({
      value: `${namespace}/${name}:${port}`,
      label: `${name} · ${namespace} · ${port}`,
      backend: { kind: 'service' as const, namespace, name, port },
    })),
  );

const isApp = (exposure: Exposure, app: App) =>
  exposure.backend.kind === 'app' && exposure.backend.app === app;

/** The catalogue with a line each; an app is there once, so one that has its name already is left out. */
export function catalogue(exposed: readonly Exposure[], ports: readonly Port[]) {
  const text = t.services;
  const apps = (Object.keys(text.apps) as App[])
    .filter((app) => !exposed.some((other) => isApp(other, app)))
    .map((app) => ({ value: app as What, label: text.apps[app], text: text.appTexts[app] }));
  const other = ports.length > 0 ? text.otherText : text.otherNone;
  return [
    { value: 'echo' as What, label: text.echo, text: text.echoText },
    ...apps,
    { value: 'service' as What, label: text.other, text: other },
  ];
}

/** `base`, or the first of base-2, base-3, … that no exposure is called: a name that is there would be moved. */
export function freeName(base: string, exposed: readonly Exposure[]): string {
  const taken = new Set(exposed.map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}

export const backendOf = (what: What, port: Port | undefined): Backend | null =>
  what === 'echo'
    ? { kind: 'echo', image: echoImage }
    : what === 'service'
      ? (port?.backend ?? null)
      : { kind: 'app', app: what };

export const baseName = (backend: Backend): string =>
  backend.kind === 'echo' ? 'echo' : backend.kind === 'app' ? backend.app : backend.name;

/** Argo CD's API speaks TLS itself; everything else leaves it to the ingress. */
export const opened = (backend: Backend, hostname: string, exposed: readonly Exposure[]): Opened => ({
  name: freeName(baseName(backend), exposed),
  hostname,
  tls: backend.kind === 'app' && backend.app === 'argocd' ? 'passthrough' : 'terminated',
  backend,
});
