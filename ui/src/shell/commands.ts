// What the palette offers: pages, acts, and the services and machines that are known; and how words are matched to it.
import type { Act } from './shortcuts';

export type Group = 'pages' | 'acts' | 'services' | 'machines';

export interface Command {
  id: string;
  group: Group;
  label: string;
  /** Said beside it: an address, a namespace. */
  aside?: string;
  /** What it does; a service or a machine is shown where it is. */
  run: { act: Act } | { hop: string } | { machine: string };
}

/**
 * How well a label answers what was typed: each word has to begin a word of the label, stand in it, or be found in it
 * letter by letter. Higher is better; null is no answer.
 */
export function score(label: string, typed: string): number | null {
  const text = label.toLocaleLowerCase();
  let sum = 0;
  for (const word of typed.toLocaleLowerCase().split(/\s+/).filter(Boolean)) {
    const at = text.indexOf(word);
    if (at === 0) sum += 4;
    else if (at > 0) sum += /[\s.-]/.test(text[at - 1] ?? '') ? 3 : 2;
    else if (isScattered(text, word)) sum += 0.5;
    else return null;
  }
  return sum;
}

function isScattered(text: string, word: string): boolean {
  let at = -1;
  return [...word].every((letter) => (at = text.indexOf(letter, at + 1)) >= 0);
}

/** Those that answer, the best first; among equals in their order. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  return commands
    .map((command) => ({ command, points: score(`${command.label} ${command.aside ?? ''}`, typed) }))
    .filter((match): match is { command: Command; points: number } => match.points !== null)
    .toSorted((a, b) => b.points - a.points)
    .map(({ command }) => command);
}
