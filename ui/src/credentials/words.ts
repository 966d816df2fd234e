// What is said of a stored login: the machine's name, and where its secrets are.
import type { Kept, SavedLogin } from '../api/types';
import type { Target } from '../machines/describe';
import { t } from '../text/catalogue';
import { fill } from '../text/format';

const text = t.credentials.logins;

/** An entry about a machine at an address. */
export interface At {
  address: string;
  port: number;
  machine: string | null;
}
export const nameOf = ({ machine, address }: At): string => machine ?? address;

/** The port is said where it is not the usual one; an IPv6 address then needs its brackets. */
export function addressOf({ address, port }: At): string {
  if (port === 22) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The same password logs in and answers sudo; what else logs in leaves it to sudo. */
export function remembered({ method, password, passphrase }: SavedLogin): string[] {
  const said = (secret: string, kept: Kept) =>
    kept === 'nowhere' ? [] : [fill(text.kept[kept], { secret })];
  const { secrets } = text;
  return [
    ...said(method.kind === 'password' ? secrets.password : secrets.sudo, password),
    ...said(secrets.passphrase, passphrase),
  ];
}

/** To connect once more, as before. */
export function again(login: SavedLogin): Target {
  const { address, port, user, method, password, passphrase } = login;
  const remember = password === 'keyring' || passphrase === 'keyring';
  return { name: nameOf(login), address, port, user, method, remember };
}
