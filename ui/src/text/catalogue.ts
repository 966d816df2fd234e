// The words of the window in its language, chosen once when it opens: another one opens the window anew.
import { de } from './de';
import * as german from './de/phrases';
import { problems as germanProblems } from './de/problems';
import { en } from './en';
import * as english from './en/phrases';
import { problems as englishProblems, type Sentence } from './en/problems';
import type { Code } from '../api/types';
import { language } from './language';
import type { Widened } from './widened';

export const t: Widened<typeof en> = { en, de }[language];
export const phrases: Widened<typeof english> = { en: english, de: german }[language];
export const problems: Record<Code, Sentence> = { en: englishProblems, de: germanProblems }[language];
export type { Sentence };
