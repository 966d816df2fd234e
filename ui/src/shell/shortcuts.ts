// The keys of the window, once: the handler, the palette, the list of them and Settings all read this table.
import type { Page } from '../state/route.svelte';

export type Act = 'palette' | 'keys' | 'add' | 'search' | 'scan' | 'theme' | 'tour' | 'link' | `page:${Page}`;

export interface Shortcut {
  act: Act;
  /** One key, or two after each other; `Mod` is Ctrl, and Command on a Mac. */
  keys: string;
}

export const shortcuts: readonly Shortcut[] = [
  { act: 'palette', keys: 'Mod+K' },
  { act: 'keys', keys: '?' },
  { act: 'search', keys: '/' },
  { act: 'add', keys: 'n' },
  { act: 'page:setup', keys: 'g u' },
  { act: 'page:flow', keys: 'g f' },
  // "What is wrong?"
  { act: 'page:health', keys: 'g w' },
  { act: 'page:services', keys: 'g s' },
  { act: 'page:machines', keys: 'g m' },
  { act: 'page:cluster', keys: 'g c' },
  { act: 'page:stack', keys: 'g t' },
  { act: 'page:credentials', keys: 'g k' },
  { act: 'page:runs', keys: 'g r' },
  { act: 'page:history', keys: 'g h' },
  { act: 'page:settings', keys: 'g e' },
];

export const keysOf = (act: Act): string | undefined =>
  shortcuts.find((shortcut) => shortcut.act === act)?.keys;

/** How long the second key of a pair is waited for, in milliseconds. */
const PAIR = 1000;

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** Hears keys one after the other, and knows when they mean something. */
export class Keys {
  #first: { key: string; at: number } | null = null;

  /** `typing`: what is pressed belongs to a field or a dialog. */
  press({ key, ctrlKey, metaKey, altKey }: Press, typing: boolean, now: number): Act | null {
    const first = this.#first;
    this.#first = null;
    if (altKey) return null;
    if (ctrlKey || metaKey) return find(`Mod+${key.toUpperCase()}`);
    if (typing) return null;
    if (first && now - first.at < PAIR) {
      const pair = find(`${first.key} ${key}`);
      if (pair) return pair;
    }
    if (shortcuts.some(({ keys }) => keys.startsWith(`${key} `))) this.#first = { key, at: now };
    return find(key);
  }
}

const find = (keys: string): Act | null => shortcuts.find((shortcut) => shortcut.keys === keys)?.act ?? null;
