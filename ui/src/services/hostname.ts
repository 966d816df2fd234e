// Whether what was typed can be a host name at all, so that the field says it before anybody is asked. The
// backend's own reading decides; letters of other alphabets are left to it.
import type { Problem } from '../api/types';
import { en } from '../text/en';

const label = /^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?$/u;

export function hostnameProblem(hostname: string): Problem | null {
  const labels = hostname.split('.');
  const words = en.services.nameRules;
  const reason = labels.some((part) => part === '')
    ? words.empty
    : labels.some((part) => part.length > 63) || hostname.length > 253
      ? words.long
      : labels.some((part) => !label.test(part))
        ? words.characters
        : null;
  return reason === null ? null : { code: 'hostname-invalid', args: { hostname, reason }, detail: null };
}
