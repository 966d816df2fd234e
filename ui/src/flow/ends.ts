// Boxes and the ends of lines as numbers, kept from one picture to the next. A picture that follows another one is nearly
// the same list: each entry is recognised by standing where it stood, and only what does not is looked up by its name.
import type { Edge } from '../api/types';
import type { Item } from './fold';

export type Placed = Pick<Item, 'id' | 'column'> & { group?: { open: boolean } };
export interface Shape {
  items: readonly Placed[];
  edges: readonly Pick<Edge, 'from' | 'to'>[];
}

/** How far ahead a line is looked for among the last ones when it does not stand where it stood. */
const reach = 64;

export class Ends {
  /** The number of each box, in the picture's order. */
  slots: number[] = [];
  /** By number; the number of a box that went is given to the next one that comes. */
  ids: string[] = [];
  /** The numbers of the boxes that each line leads from and to, in the picture's order; -1 for one that is not drawn. */
  from = new Int32Array();
  to = new Int32Array();
  /** Where each line stood in the last picture; -1 for a new one. */
  before = new Int32Array();
  #known = new Map<string, number>();
  /** By number: where it stood in the last picture. */
  #place: number[] = [];
  #items: readonly Placed[] = [];
  #free: number[] = [];

  /** Whether these are the boxes and lines of the last picture, each in its place. */
  take({ items, edges }: Shape): boolean {
    const sameItems = this.#takeItems(items);
    const sameEdges = this.#takeEdges(edges);
    return sameItems && sameEdges;
  }

  #takeItems(items: readonly Placed[]): boolean {
    const last = this.#items;
    let same = items.length === last.length;
    let at = 0;
    const slots: number[] = [];
    for (const item of items) {
      let slot = last[at]?.id === item.id ? this.slots[at] : undefined;
      if (slot === undefined) {
        same = false;
        slot = this.#known.get(item.id);
        if (slot !== undefined) at = this.#place[slot] ?? at;
      }
      if (slot === undefined) slot = this.#add(item.id);
      else {
        const before = last[at];
        same &&= before?.column === item.column && before.group?.open === item.group?.open;
        at += 1;
        // The very text of this picture: that of its lines is the same one, which is compared at a glance.
        this.ids[slot] = item.id;
      }
      slots.push(slot);
    }
    this.#items = items;
    if (same) return true;
    for (const slot of this.slots) this.#place[slot] = -1;
    for (const [index, slot] of slots.entries()) this.#place[slot] = index;
    for (const slot of this.slots) if (this.#place[slot] === -1) this.#remove(slot);
    this.slots = slots;
    return false;
  }

  #takeEdges(edges: Shape['edges']): boolean {
    const { ids } = this;
    const [lastFrom, lastTo] = [this.from, this.to];
    const [from, to] = [new Int32Array(edges.length), new Int32Array(edges.length)];
    const before = new Int32Array(edges.length);
    /** Which box was led to after which: names lead to the same workers, in the same order, one name after the other. */
    const follower = new Map<number, number>();
    let same = edges.length === lastFrom.length;
    let at = 0;
    let a = -1;
    let b = -1;
    for (let index = 0; index < edges.length; index += 1) {
      const edge = edges[index] as Shape['edges'][number];
      const was = lastFrom[at] ?? -1;
      const led = lastTo[at] ?? -1;
      if (ids[was] === edge.from && ids[led] === edge.to) {
        a = was;
        b = led;
        before[index] = at;
        at += 1;
      } else {
        const previous = b;
        a = this.#find(edge.from, a);
        b = this.#find(edge.to, follower.get(previous));
        follower.set(previous, b);
        let there = at;
        const end = Math.min(at + reach, lastFrom.length);
        while (there < end && (lastFrom[there] !== a || lastTo[there] !== b)) there += 1;
        const isKnown = there < end;
        before[index] = isKnown ? there : -1;
        same &&= isKnown && there === index;
        if (isKnown) at = there + 1;
      }
      from[index] = a;
      to[index] = b;
    }
    this.before = before;
    [this.from, this.to] = [from, to];
    return same;
  }

  #find(id: string, guess = -1): number {
    return this.ids[guess] === id ? guess : (this.#known.get(id) ?? -1);
  }

  #add(id: string): number {
    const slot = this.#free.pop() ?? this.ids.length;
    this.ids[slot] = id;
    this.#known.set(id, slot);
    return slot;
  }

  #remove(slot: number): void {
    this.#known.delete(this.ids[slot] ?? '');
    this.ids[slot] = '';
    this.#free.push(slot);
  }
}
