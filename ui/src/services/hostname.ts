// Whether what was typed can be the name of a service, so that the field says it before anybody is asked. The
// backend's own reading decides; letters of other alphabets are left to it.
import type { Exposure, Problem, Reach } from '../api/types';
import { t } from '../text/catalogue';

const label = /^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?$/u;

export function hostnameProblem(hostname: string): Problem | null {
  const labels = hostname.split('.');
  const words = t.services.nameRules;
  const reason = labels.some((part) => part === '')
    ? words.empty
    : labels.some((part) => part.length > 63) || hostname.length > 253
      ? words.long
      : labels.some((part) => !label.test(part))
        ? words.characters
        : null;
  return reason === null ? null : { code: 'hostname-invalid', args: { hostname, reason }, detail: null };
}

/** Besides what DNS allows: names that lead elsewhere, and public ones that Cloudflare's certificate does not reach. */
export function nameProblem(
  first: string,
  zone: string,
  reach: Reach,
  exposed: readonly Exposure[],
): Problem | null {
  const hostname = `${first}.${zone}`;
  const taken = exposed.find((other) => other.hostname === hostname.toLowerCase());
  const problem = hostnameProblem(hostname);
  if (problem) return problem;
  if (taken) return { code: 'hostname-taken', args: { hostname, service: taken.name }, detail: null };
  return reach === 'public' && first.includes('.')
    ? { code: 'name-too-deep', args: { hostname, zone }, detail: null }
    : null;
}
