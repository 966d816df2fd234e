// Which page is open. The address is `#/page/rest`, so that back and forward work and a page can be
// linked to. Deliberately not here: what a page shows.
export const pages = [
  'setup',
  'flow',
  'health',
  'services',
  'machines',
  'cluster',
  'stack',
  'credentials',
  'runs',
  'history',
  'practice',
  'settings',
] as const;
export type Page = (typeof pages)[number];
const isPage = (value: string | undefined): value is Page => pages.includes(value as Page);

class Route {
  page = $state<Page | null>(null);
  rest = $state('');

  start(): () => void {
    const read = () => {
      const [, page, ...rest] = location.hash.split('/');
      this.page = isPage(page) ? page : null;
      this.rest = decodeURIComponent(rest.join('/'));
    };
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }

  go(page: Page, rest = ''): void {
    location.hash = href(page, rest);
  }
}

export const href = (page: Page, rest = ''): string =>
  `#/${page}${rest === '' ? '' : `/${encodeURIComponent(rest)}`}`;
export const route = new Route();
