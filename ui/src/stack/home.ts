// What a router, a resolver and a computer are told so that names lead to the workers, and how systems take a certificate.
import type { AtHome } from '../api/types';

export type Way = 'rewrite' | 'dnsmasq' | 'hosts';

/** Each way with its lines; a hosts file knows no wildcard, so it is there once there is a name. */
export function waysToTell({ domain, addresses, hostnames }: AtHome): { way: Way; lines: string[] }[] {
  const each = (line: (address: string) => string) => addresses.map(line);
  const [first] = addresses;
  const all: { way: Way; lines: string[] }[] = [
    { way: 'rewrite', lines: each((address) => `*.${domain} → ${address}`) },
    { way: 'dnsmasq', lines: each((address) => `address=/${domain}/${address}`) },
    { way: 'hosts', lines: first && hostnames.length > 0 ? [`${first} ${hostnames.join(' ')}`] : [] },
  ];
  return all.filter(({ lines }) => lines.length > 0);
}

export type System = 'linux' | 'macos' | 'windows' | 'phone' | 'firefox';

const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;

/** The command that makes a system trust the certificate in the file; where there is none, it is done by hand. */
export const trusting = (path: string): { system: System; command: string | null }[] => [
  {
    system: 'linux',
    command: `sudo install -m 644 ${quoted(path)} /usr/local/share/ca-certificates/portico-authority.crt && sudo update-ca-certificates`,
  },
  {
    system: 'macos',
    command: `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${quoted(path)}`,
  },
  { system: 'windows', command: `certutil -user -addstore Root "${path.replaceAll('"', '')}"` },
  { system: 'phone', command: null },
  { system: 'firefox', command: null },
];
