// Which page is open. The address is `#/page/rest`, so that back and forward work and a page can be
// linked to, from outside as portico://page/rest. Deliberately not here: what a page shows.
import { untrack } from 'svelte';
import { pages, type Page } from './pages';

export { pages, type Page };
const isPage = (value: string | undefined): value is Page => pages.includes(value as Page);

class Route {
  page = $state<Page | null>(null);
  rest = $state('');

  start(): () => void {
    const read = () => {
      const [, page, ...rest] = location.hash.split('/');
      this.page = isPage(page) ? page : null;
      this.rest = decoded(rest.join('/'));
    };
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }

  go(page: Page, rest = ''): void {
    location.hash = href(page, rest);
  }

  /** The page that is open says what it shows: the way back does not lead through every letter that was typed. */
  say(rest: string): void {
    if (this.page === null || rest === this.rest) return;
    this.rest = rest;
    history.replaceState(null, '', href(this.page, rest));
  }
}

/** A link from outside may be no such thing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const href = (page: Page, rest = ''): string =>
  `#/${page}${rest === '' ? '' : `/${encodeURIComponent(rest)}`}`;
export const route = new Route();

/** The same for another program to open. */
export const linkOut = (page: Page, rest: string): string => `portico://${href(page, rest).slice(2)}`;

/**
 * Shows what the address names on a page, once for each address and as soon as the page knows it; the person goes on
 * from there. For the page's own start.
 */
export function arrive(page: Page, knows: () => boolean, show: (what: string) => void): void {
  let shown = '';
  $effect(() => {
    const what = route.page === page ? route.rest : '';
    if (what === shown || (what !== '' && !knows())) return;
    shown = what;
    if (what !== '') untrack(() => show(what));
  });
}
