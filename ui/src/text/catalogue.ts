// The words of the window in its language, chosen once when it opens: another one opens the window anew, and is not read before.
import type { en } from './en';
import type * as english from './en/phrases';
import type { Sentence } from './en/problems';
import type { Code } from '../api/types';
import { language, type Language } from './language';
import type { Widened } from './widened';

interface Catalogue {
  t: Widened<typeof en>;
  phrases: Widened<typeof english>;
  problems: Record<Code, Sentence>;
}
const catalogues = {
  en: () => import('./en/all'),
  de: () => import('./de/all'),
} satisfies Record<Language, () => Promise<Catalogue>>;

export const { t, phrases, problems }: Catalogue = await catalogues[language]();
export type { Sentence };
