// What is known of a machine, as short lines: from its facts once connected, else from what it shows.
import type { Host, LoginMethod, MachineFacts } from '../api/types';
import { t } from '../text/catalogue';
import { fill, many, size } from '../text/format';

const text = t.machines;

/** What home routers and mDNS append to every name says nothing about a machine. */
const homely = /(?<=.)\.(lan|local|home|internal|home\.arpa|fritz\.box)$/;

export const nameOf = (host: Host): string =>
  host.names[0]?.replace(homely, '') ?? host.addresses[0] ?? text.unnamed;

/** A machine to connect to, found by a scan or named by a document. */
export interface Target {
  name: string;
  address: string;
  user?: string | null;
  port?: number | null;
  /** How it was logged in to before. */
  method?: LoginMethod;
  /** Whether the keyring remembered a secret of that. */
  remember?: boolean;
}
export const targetOf = (host: Host): Target => ({ name: nameOf(host), address: host.addresses[0] ?? '' });

/** `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3` says more to a person without its protocol prefix. */
export const bannerWords = (banner: string): string =>
  banner.replace(/^SSH-[\d.]+-/, '').replaceAll('_', ' ');

const joined = (parts: (string | null)[]): string => parts.filter((part) => part !== null).join(' · ');

export const hardware = (facts: MachineFacts): string =>
  joined([
    facts.cpus === null ? null : many(facts.cpus, text.cores[0], text.cores[1]),
    facts.memoryTotalKib === null ? null : fill(text.memory, { size: size(facts.memoryTotalKib) }),
  ]);

export const factLines = (facts: MachineFacts): string[] =>
  [joined([facts.osPretty, facts.arch]), hardware(facts)].filter((line) => line !== '');

export function known(host: Host, facts: MachineFacts | undefined): string[] {
  if (facts) return factLines(facts);
  const banner = host.ssh.find((seen) => seen.banner !== null)?.banner;
  const open = host.ports
    .filter((seen) => seen.state === 'open')
    .map((seen) => fill(text.port, { port: seen.port }));
  const lines = [banner ? bannerWords(banner) : '', [...new Set(open)].join(', ')].filter(
    (line) => line !== '',
  );
  return lines.length > 0 ? lines : [text.nothingKnown];
}
