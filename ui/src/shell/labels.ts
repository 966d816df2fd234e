// What each act is called.
import type { Page } from '../state/route.svelte';
import { t } from '../text/catalogue';
import { fill } from '../text/format';
import type { Act } from './shortcuts';

export function actLabel(act: Act): string {
  if (act === 'palette') return t.palette.open;
  if (act.startsWith('page:')) return fill(t.palette.go, { page: t.pages[act.slice(5) as Page] });
  return t.palette.acts[act as keyof typeof t.palette.acts];
}
