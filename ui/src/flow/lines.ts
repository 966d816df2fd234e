// The lines between boxes as curves that stay in the gap between two columns, so that none runs behind a box.
// Where every name leads to every worker, a line for each pair would be a grey wall: they meet in one point
// between the columns instead. Geometry alone is kept here; health and light are read when a line is drawn.
import type { Edge, Health } from '../api/types';
import type { Ends } from './ends';
import { edgeKey, type Item } from './fold';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Point {
  x: number;
  y: number;
}
export interface Line {
  id: string;
  start: Point;
  end: Point;
  /** Where its curve ends, if it goes on straight from there. */
  bent?: number | undefined;
  /** The places in the picture of the edges that run through it; more than one where lines meet. */
  edges: readonly number[] | Int32Array;
  /** How high that end is which is more its own: of a hundred lines out of one box, the other one. */
  own: number;
}

const out = ({ x, y, width, height }: Box): Point => ({ x: x + width, y: y + height / 2 });
const into = ({ x, y, height }: Box): Point => ({ x, y: y + height / 2 });
const n = (value: number): string => String(Math.round(value * 10) / 10);

/** Between boxes that stand in one column it is straight. One that passes a column of badges has bent before, and runs on
 * the line of its end, where no other badge is. */
export function curve({ start, end, bent }: Pick<Line, 'start' | 'end' | 'bent'>): string {
  if (start.x === end.x) return `M${n(start.x)} ${n(start.y)}V${n(end.y)}`;
  const until = bent ?? end.x;
  const middle = n((start.x + until) / 2);
  const on = until === end.x ? '' : `H${n(end.x)}`;
  return `M${n(start.x)} ${n(start.y)}C${middle} ${n(start.y)} ${middle} ${n(end.y)} ${n(until)} ${n(end.y)}${on}`;
}

/** Well mixed bits of a number. */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

const below = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height });
const above = ({ x, y, width }: Box): Point => ({ x: x + width / 2, y });

const blank = (): Line => ({
  id: '',
  start: { x: 0, y: 0 },
  end: { x: 0, y: 0 },
  bent: undefined,
  edges: [],
  own: 0,
});

/** The lines of pictures that follow one another. A line that stays is kept and moved, since hardly any comes or goes. */
export class Lines {
  #single: (Line | undefined)[] = [];

  /** `boxes` by number, as they stand now. `meets`: whether the lines out of a box may meet those of its neighbours.
   * `badges`: where the column of them begins. */
  take(
    ends: Pick<Ends, 'from' | 'to' | 'before' | 'ids'>,
    boxes: readonly Box[],
    meets: (slot: number) => boolean,
    badges: number,
  ): { lines: Line[]; joints: Point[] } {
    const { from, to, ids, before } = ends;
    const { metIn, joints } = meetings(ends, boxes, meets);
    const leaving = new Int32Array(ids.length);
    for (let edge = 0; edge < from.length; edge += 1) {
      const source = from[edge] as number;
      if (source >= 0) leaving[source] = (leaving[source] as number) + 1;
    }
    const single = new Array<Line | undefined>(from.length);
    const drawn: Line[] = [];
    /** The edges that meet. */
    const met = new Int32Array(from.length);
    let meeting = 0;
    for (let edge = 0; edge < from.length; edge += 1) {
      const source = from[edge] as number;
      const target = to[edge] as number;
      if (source < 0 || target < 0) continue;
      if ((metIn[target] as number) >= 0 && meets(source)) {
        met[meeting] = edge;
        meeting += 1;
        continue;
      }
      let line = this.#single[before[edge] as number];
      if (!line) {
        line = blank();
        line.id = `${ids[source]}>${ids[target]}`;
      }
      if (line.edges[0] !== edge) line.edges = [edge];
      lead(line, boxes[source] as Box, boxes[target] as Box, badges, leaving[source] !== 1);
      single[edge] = line;
      drawn.push(line);
    }
    this.#single = single;

    const all = met.subarray(0, meeting);
    for (const [index, joint] of joints.entries()) {
      const own = joints.length === 1 ? all : all.filter((edge) => metIn[to[edge] as number] === index);
      for (const [source, edges] of gathered(own, from, ids.length)) {
        const line = { ...blank(), id: `${ids[source]}>*${index}`, end: joint, edges };
        leave(line, boxes[source] as Box);
        line.own = line.start.y;
        drawn.push(line);
      }
      for (const [target, edges] of gathered(own, to, ids.length)) {
        const line = { ...blank(), id: `*${index}>${ids[target]}`, start: joint, edges };
        arrive(line, boxes[target] as Box);
        line.own = line.end.y;
        drawn.push(line);
      }
    }
    return { lines: drawn, joints };
  }
}

/** Edges by the box at one of their ends. */
function gathered(edges: Int32Array, end: Int32Array, boxes: number): [slot: number, edges: Int32Array][] {
  const next = new Int32Array(boxes);
  const slots: number[] = [];
  for (const edge of edges) {
    const slot = end[edge] as number;
    if (next[slot] === 0) slots.push(slot);
    next[slot] = (next[slot] as number) + 1;
  }
  const all = new Int32Array(edges.length);
  let begin = 0;
  const parts = slots.map((slot): [number, Int32Array] => {
    const size = next[slot] as number;
    next[slot] = begin;
    begin += size;
    return [slot, all.subarray(begin - size, begin)];
  });
  for (const edge of edges) {
    const slot = end[edge] as number;
    all[next[slot] as number] = edge;
    next[slot] = (next[slot] as number) + 1;
  }
  return parts;
}

function leave({ start }: Line, { x, y, width, height }: Box): void {
  start.x = x + width;
  start.y = y + height / 2;
}
function arrive({ end }: Line, { x, y, height }: Box): void {
  end.x = x;
  end.y = y + height / 2;
}

/** Leads a line of its own from box to box. One that goes past `badges`, where the badges of services are, bends before them. */
function lead(line: Line, from: Box, to: Box, badges: number, isFan: boolean): void {
  const { start, end } = line;
  if (from.x === to.x) {
    const isDown = from.y < to.y;
    Object.assign(start, isDown ? below(from) : above(from));
    Object.assign(end, isDown ? above(to) : below(to));
  } else {
    leave(line, from);
    arrive(line, to);
  }
  line.own = isFan ? end.y : start.y;
  line.bent = start.x < badges && badges < end.x ? badges : undefined;
}

/**
 * Where targets that exactly the same sources lead to are met by all of them, if that saves lines: the points, and by target
 * which of them it is met in, -1 for none. Sets are told apart by two sums of well mixed numbers, one of each source.
 */
function meetings(
  { from, to, ids }: Pick<Ends, 'from' | 'to' | 'ids'>,
  boxes: readonly Box[],
  meets: (slot: number) => boolean,
): { metIn: Int32Array; joints: Point[] } {
  const size = new Int32Array(ids.length);
  const [one, other] = [new Int32Array(ids.length), new Int32Array(ids.length)];
  /** How far to the right a target's sources reach. */
  const reached = new Float64Array(ids.length);
  let [last, a, b, x] = [-1, 0, 0, 0];
  let isMeeting = false;
  for (let edge = 0; edge < from.length; edge += 1) {
    const source = from[edge] as number;
    const target = to[edge] as number;
    if (source !== last) {
      last = source;
      isMeeting = source >= 0 && meets(source);
      if (isMeeting) {
        x = out(boxes[source] as Box).x;
        [a, b] = [mixed(source + 1), mixed(~source ^ 0x5bd1e995)];
      }
    }
    if (!isMeeting || target < 0) continue;
    size[target] = (size[target] as number) + 1;
    one[target] = (one[target] as number) + a;
    other[target] = (other[target] as number) + b;
    reached[target] = x;
  }
  const alike = new Map<string, number[]>();
  for (const [target, sources] of size.entries()) {
    if (sources === 0) continue;
    const key = `${sources} ${one[target]} ${other[target]}`;
    const known = alike.get(key);
    if (known) known.push(target);
    else alike.set(key, [target]);
  }
  const metIn = new Int32Array(ids.length).fill(-1);
  const joints: Point[] = [];
  for (const targets of alike.values()) {
    const first = targets[0] ?? 0;
    const sources = size[first] as number;
    if (sources * targets.length <= sources + targets.length) continue;
    for (const target of targets) metIn[target] = joints.length;
    const ends = targets.map((target) => into(boxes[target] as Box));
    joints.push({
      x: ((reached[first] as number) + (ends[0]?.x ?? 0)) / 2,
      y: ends.reduce((sum, { y }) => sum + y, 0) / ends.length,
    });
  }
  return { metIn, joints };
}

/** Where a number is written: at the line's start, on the side that it does not bend to. */
export const beside = ({ start, end }: Line): Point => ({
  x: start.x + 6,
  y: end.y < start.y ? start.y + 13 : start.y - 4,
});

export interface Drawn {
  line: Line;
  health: Health;
  lit: boolean;
  /** Down only because a box is: the cause is red, what hangs below it is quiet. */
  quiet: boolean;
  /** One of very many between two columns: drawn faintly, so that they are a tone and not a wall. */
  faint: boolean;
  latencyMs: number | null;
  perSecond: number | null;
}

/** The curves of all lines that look the same as one, by the words for that look: the worst come last, on top. */
export function alike(lines: readonly Drawn[]): [look: string, d: string][] {
  const curves = new Map<string, string[]>();
  for (const { line, health, quiet, faint } of lines) {
    const look = [health, quiet ? 'quiet' : '', faint ? 'faint' : ''].filter(Boolean).join(' ');
    const same = curves.get(look);
    if (same) same.push(curve(line));
    else curves.set(look, [curve(line)]);
  }
  const worst = ['up', 'unknown', 'degraded', 'down quiet', 'down'];
  const rank = ([look]: [string, unknown]) => worst.indexOf(look.replace(' faint', ''));
  return [...curves].toSorted((a, b) => rank(a) - rank(b)).map(([look, curves]) => [look, curves.join('')]);
}

/** Whether there is room for a line's rate, and it says something: short lines repeat it, and an idle service is told of
 * once it is selected. */
export const isWritten = ({ start, end }: Line, lit: boolean, perSecond: number): boolean =>
  (start.x === end.x ? end.y - start.y >= 14 : end.x - start.x >= 40) && (lit || perSecond > 0);

/** Where a rate is written: above the end of its line, where no two lines meet; in a column beside the line. */
export const atEnd = ({ start, end, bent }: Line): Point =>
  start.x === end.x
    ? { x: start.x + 5, y: (start.y + end.y) / 2 + 4 }
    : { x: (bent ?? end.x) - 4, y: end.y - 4 };

type State = Pick<Item, 'health' | 'quiet'> | undefined;
/** Whether an edge is down only because of what it comes from or leads to; the one into the cause is as red as it. */
const isQuiet = (from: State, to: State): boolean =>
  to?.quiet === true || (from?.health === 'down' && to?.health !== 'down');

const crowd = 48;
const goodness: readonly Health[] = ['up', 'degraded', 'unknown', 'down'];
const rank = (health: Health): number => goodness.indexOf(health);

/** Lines with what is known now. A line where several meet is as good as its best edge; an edge that is worse
 * than both lines it runs through gets one of its own, so that meeting hides nothing. */
export function drawLines(
  lines: readonly Line[],
  edges: readonly Edge[],
  spots: ReadonlyMap<string, Box>,
  item: (id: string) => Pick<Item, 'health' | 'quiet'> | undefined,
  isLit: (id: string) => boolean,
): Drawn[] {
  /** The worst line that an edge runs through where lines meet. */
  const through = new Map<number, number>();
  const company = new Map<number, number>();
  for (const { start } of lines) company.set(start.x, (company.get(start.x) ?? 0) + 1);
  const draw = (line: Line): Drawn => {
    let best = goodness.length;
    let lit = false;
    for (const at of line.edges) {
      const edge = edges[at];
      if (!edge) continue;
      best = Math.min(best, rank(edge.health));
      lit ||= isLit(edge.from) && isLit(edge.to);
    }
    const health = goodness[best] ?? 'unknown';
    if (line.edges.length > 1)
      for (const at of line.edges) through.set(at, Math.max(through.get(at) ?? 0, best));
    const only = line.edges.length === 1 ? edges[line.edges[0] ?? -1] : undefined;
    return {
      line,
      health,
      lit,
      faint: (company.get(line.start.x) ?? 0) > crowd,
      quiet:
        health === 'down' &&
        line.edges.every((at) => {
          const edge = edges[at];
          return edge !== undefined && isQuiet(item(edge.from), item(edge.to));
        }),
      latencyMs: only?.latencyMs ?? null,
      perSecond: only?.rate?.perSecond ?? null,
    };
  };
  const drawn = lines.map(draw);
  for (const [at, state] of through) {
    const edge = edges[at];
    const from = edge && spots.get(edge.from);
    const to = edge && spots.get(edge.to);
    if (!edge || !from || !to || rank(edge.health) <= state) continue;
    const [start, end] = [out(from), into(to)];
    drawn.push(draw({ id: edgeKey(edge), start, end, edges: [at], own: start.y }));
  }
  return drawn;
}

/** Whether a line shows in a stretch of the drawing's height. Of very many out of one box, those are left out whose other end
 * is out of sight; what is not up is never left out of a stretch that it crosses. */
export function shows({ line, health, lit, faint }: Drawn, top: number, bottom: number): boolean {
  const { start, end, own } = line;
  if (Math.max(start.y, end.y) < top || Math.min(start.y, end.y) > bottom) return false;
  return lit || !faint || (health !== 'up' && health !== 'unknown') || (own >= top && own <= bottom);
}
