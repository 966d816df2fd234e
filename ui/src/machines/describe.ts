// What is known of a machine, as short lines: from its facts once connected, else from what it shows.
import type { Host } from '../api/types';
import { en } from '../text/en';
import { fill, many, size } from '../text/format';

const text = en.machines;

export const nameOf = (host: Host): string =>
  host.names[0] ?? host.facts?.hostname ?? host.addresses[0] ?? text.unnamed;

/** `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3` says more to a person without its protocol prefix. */
export const bannerWords = (banner: string): string =>
  banner.replace(/^SSH-[\d.]+-/, '').replaceAll('_', ' ');

export function known(host: Host): string[] {
  if (host.facts) {
    const { os, arch, cpus, memoryKib } = host.facts;
    return [
      `${os} · ${arch}`,
      `${many(cpus, text.cores[0], text.cores[1])} · ${fill(text.memory, { size: size(memoryKib) })}`,
    ];
  }
  const lines = [
    host.banner === null ? null : bannerWords(host.banner),
    host.ports.length === 0
      ? null
      : host.ports.map((port) => fill(text.port, { port: String(port) })).join(', '),
  ].filter((line) => line !== null);
  return lines.length > 0 ? lines : [text.nothingKnown];
}
