import { describe, expect, it } from 'vitest';
import { de } from './de';
import * as german from './de/phrases';
import { problems as germanProblems } from './de/problems';
import { en } from './en';
import * as english from './en/phrases';
import { problems as englishProblems } from './en/problems';
import { chosen } from './language';

/** Every template by its path. */
function templates(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inner]) => templates(inner, `${path}/${key}`));
}
const placeholders = (template: string) =>
  [...template.matchAll(/\{(\w+)(?:\|[^}]*)?\}/g)].map(([, name]) => name).sort();

describe('the German catalogue', () => {
  const originals = new Map(
    templates({ en, ...english, problems: englishProblems }).map(([path, text]) => [path, text]),
  );
  const translations = templates({ en: de, ...german, problems: germanProblems });
  it('has the keys of the English one', () => {
    expect(translations.map(([path]) => path).sort()).toEqual([...originals.keys()].sort());
  });
  it.each(translations)('%s has the arguments of the English one', (path, template) => {
    expect(placeholders(template)).toEqual(placeholders(originals.get(path) ?? ''));
  });
  it('leaves no sentence of more than two words untranslated', () => {
    const same = translations.filter(
      ([path, text]) => originals.get(path) === text && text.split(' ').length > 2,
    );
    // Commands, documents and names are the same in every language.
    const kept = /timedatectl|AdGuard|dnsmasq|hostnamectl|version: 1|K3s, |\{count\} ×/;
    expect(same.filter(([, text]) => !kept.test(text)).map(([path]) => path)).toEqual([]);
  });
});

describe('the language', () => {
  it.each([
    ['the choice', 'de', ['en-GB'], 'de'],
    ['the first of the system that there is', null, ['fr-FR', 'de-AT', 'en'], 'de'],
    ['English, where there is none', null, ['fr'], 'en'],
    ['and a choice that is no more', 'xx', ['de'], 'de'],
  ])('is %s', (_, kept, system, expected) => expect(chosen(kept, system)).toBe(expected));
});
