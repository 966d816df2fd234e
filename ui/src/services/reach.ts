// Who can reach a service: the word for it, the address that they type, and the e-mail addresses that are let in.
import type { Exposure, Reach, Tls } from '../api/types';
import { t } from '../text/catalogue';

export const reachWord = ({ reach, access }: Pick<Exposure, 'reach' | 'access'>): string =>
  t.services.reach[reach === 'public' && access.length > 0 ? 'login' : reach];

/** A LAN-only service without a certificate answers over HTTP alone; where there is one, HTTP leads on to HTTPS. */
export const urlOf = ({ hostname, reach, tls }: Exposure, certificates: boolean): string =>
  `${reach === 'public' || tls === 'passthrough' || certificates ? 'https' : 'http'}://${hostname}`;

/** Who shows the certificate, as the key of its sentence. */
export const shownBy = (reach: Reach, tls: Tls, certificates: boolean): keyof typeof t.services.shows =>
  reach === 'public' ? 'cloudflare' : tls === 'passthrough' ? 'service' : certificates ? 'cluster' : 'none';

const address = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** Addresses with commas, semicolons or white space between, each once, and the first that is none. */
export function emailsIn(typed: string): { emails: string[]; wrong: string | null } {
  const emails = [...new Set(typed.split(/[\s,;]+/).filter((part) => part !== ''))];
  return { emails, wrong: emails.find((email) => !address.test(email)) ?? null };
}
