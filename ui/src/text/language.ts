// Which language the window speaks: the person's choice, else the system's where there is a catalogue for it.
export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];
/** Each in its own words. */
export const languageNames: Record<Language, string> = { en: 'English', de: 'Deutsch' };

const key = 'portico-language';
const isLanguage = (value: string | undefined): value is Language => languages.includes(value as Language);

/** The choice, else the first of the system's languages that there is. */
export function chosen(kept: string | null, system: readonly string[]): Language {
  if (isLanguage(kept ?? undefined)) return kept as Language;
  return system.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en';
}

export const language = chosen(localStorage.getItem(key), navigator.languages);

/** Words are everywhere, so that the window begins anew. */
export function speak(next: Language): void {
  localStorage.setItem(key, next);
  location.reload();
}
