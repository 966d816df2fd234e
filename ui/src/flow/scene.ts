// What boxes on the diagram show and do, handed past the diagram library: its list of nodes then changes only
// when boxes come, go or move, and a new health touches the one box that shows it.
import { createContext } from 'svelte';
import type { Item } from './fold';

export interface Scene {
  item: (id: string) => Item | undefined;
  selected: string | null;
  /** The boxes that light up; null while nothing is selected. */
  lit: ReadonlySet<string> | null;
  /** The one box that the tab key stops at; arrow keys lead on from there. */
  stop: string | null;
  onpress: (item: Item) => void;
  onfocus: (id: string) => void;
  onkey: (id: string, event: KeyboardEvent) => void;
}
export const [getScene, setScene] = createContext<Scene>();
