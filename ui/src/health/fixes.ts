// The change that would put a condition right: the word on its button, and where it can be asked for with more to choose.
import type { Change } from '../api/types';
import { href } from '../state/route.svelte';
import { t } from '../text/catalogue';
import { changeTitle, fill } from '../text/format';

export function fixWord(change: Change): string {
  switch (change.kind) {
    case 'reconcile':
      return t.conditions.anew;
    case 'expose':
      return fill(t.conditions.exposeAgain, { name: change.exposure.name });
    default:
      return changeTitle(change);
  }
}

/** The page that can do more than this change: take over what is somebody else's, accept an older Traefik, set up. */
export function elsewhere(change: Change): { to: string; word: string } | null {
  switch (change.kind) {
    case 'expose':
      return { to: href('services', `edit/${change.exposure.name}`), word: t.services.edit };
    case 'moveIngress':
      return { to: href('stack', 'ingress'), word: t.conditions.toStack };
    case 'component':
    case 'setUpStack':
      return { to: href('stack'), word: t.conditions.toStack };
    default:
      return null;
  }
}
