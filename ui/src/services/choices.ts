// What can get a name: the echo app, which is made with it, and the services that the cluster has already.
import type { AvailableService, Exposure } from '../api/types';
import { en } from '../text/en';

/** The image of the echo app. */
const echoImage = 'docker.io/traefik/whoami:v1.11.0';

export interface Choice {
  value: string;
  label: string;
  name: string;
  backend: Exposure['backend'];
}

export function choices(available: readonly AvailableService[]): Choice[] {
  const echo: Choice = {
    value: 'echo',
    label: en.services.echo,
    name: 'echo',
    backend: { kind: 'echo', image: echoImage },
  };
  const others = available.flatMap(({ namespace, name, ports }) =>
    ports.map((port) => ({
      value: `${namespace}/${name}:${port}`,
      label: `${name} · ${namespace} · ${port}`,
      name,
      backend: { kind: 'service' as const, namespace, name, port },
    })),
  );
  return [echo, ...others];
}

export function exposure(options: readonly Choice[], value: string, hostname: string): Exposure {
  const choice = options.find((option) => option.value === value);
  if (!choice) throw new Error(`${value} is not a choice`);
  return { name: choice.name, hostname, reach: 'lan', backend: choice.backend };
}
