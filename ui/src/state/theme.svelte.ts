// Light or dark: the system decides until the person does. The choice is kept in this window's storage.
export type Choice = 'system' | 'light' | 'dark';
/** Which one a button that only says "another" leads to. */
export const next: Record<Choice, Choice> = { system: 'light', light: 'dark', dark: 'system' };
const key = 'portico-theme';
const isChoice = (value: string | null): value is Choice =>
  value === 'light' || value === 'dark' || value === 'system';

class Theme {
  #system = $state(false);
  choice = $state<Choice>('system');
  readonly dark = $derived(this.choice === 'dark' || (this.choice === 'system' && this.#system));

  start(): void {
    const kept = localStorage.getItem(key);
    if (isChoice(kept)) this.choice = kept;
    const media = matchMedia('(prefers-color-scheme: dark)');
    this.#system = media.matches;
    media.addEventListener('change', (event) => (this.#system = event.matches));
  }

  choose(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(key, choice);
  }
}

export const theme = new Theme();
