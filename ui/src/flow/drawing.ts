// The picture as plain shapes in the window's own colours and type, for export: svg.ts writes them as text and
// png.ts paints them, so that both are one drawing. It is all of what is shown, however far somebody zoomed.
import { marks } from '../components/marks';
import { t } from '../text/catalogue';
import { fill } from '../text/format';
import type { Item, Picture } from './fold';
import { rateOf, spoken, written } from './hops';
import { isBadge, node, type Layout } from './layout';
import { atEnd, beside, curve, isWritten, type Box, type Drawn, type Point } from './lines';

export type Colour = string;
export interface Font {
  size: number;
  weight: number;
}
interface Ink {
  fill?: Colour;
  stroke?: Colour;
  /** How wide the line is drawn. */
  line?: number;
  dash?: string;
  opacity?: number;
}
export type Shape =
  | ({ kind: 'box'; radius: number } & Box & Ink)
  | ({ kind: 'path'; d: string; x: number; y: number } & Ink)
  | { kind: 'text'; x: number; y: number; text: string; font: Font; fill: Colour };
/** Shapes that belong together, and what they are in words. */
export interface Part {
  title?: string;
  shapes: Shape[];
}
export interface Drawing {
  title: string;
  width: number;
  height: number;
  ground: Colour;
  family: string;
  parts: Part[];
}
export interface Theme {
  colour: (token: string) => Colour;
  family: string;
  /** How wide a text is, in pixels. */
  measure: (text: string, font: Font) => number;
}
export interface Scene {
  picture: Picture;
  places: Layout;
  lines: readonly Drawn[];
  lit: ReadonlySet<string> | null;
  selected: string | null;
  caption: string;
}

const margin = 24;
const foot = 28;
const label: Font = { size: 13, weight: 500 };
const small: Font = { size: 11, weight: 500 };

export function shorten(text: string, room: number, measure: (text: string) => number): string {
  if (measure(text) <= room) return text;
  let length = text.length - 1;
  while (length > 0 && measure(`${text.slice(0, length)}…`) > room) length -= 1;
  return `${text.slice(0, length).trimEnd()}…`;
}

export function draw({ picture, places, lines, lit, selected, caption }: Scene, theme: Theme): Drawing {
  const { colour, measure } = theme;
  const width = places.width + 2 * margin;
  const height = places.height + 2 * margin + foot;
  const text = (x: number, y: number, words: string, font: Font, fill: Colour, room = Infinity): Shape => ({
    kind: 'text',
    x,
    y,
    text: shorten(words, room, (part) => measure(part, font)),
    font,
    fill,
  });

  const heads = places.heads.map(({ column, x }) =>
    text(x + margin, margin + 12, t.flow.columns[column].toUpperCase(), small, colour('ink-3')),
  );
  const joints = places.joints.map(({ x, y }): Shape => ({
    kind: 'box',
    x: x + margin - 2,
    y: y + margin - 2,
    width: 4,
    height: 4,
    radius: 2,
    fill: colour('line-strong'),
  }));
  const boxes = picture.items.flatMap((item) => {
    const spot = places.spots.get(item.id);
    if (!spot) return [];
    const at = { ...spot, x: spot.x + margin, y: spot.y + margin };
    return [box(item, at, lit !== null && !lit.has(item.id), item.id === selected, theme, text)];
  });
  const inOrder = lines.toSorted((a, b) => Number(a.lit) - Number(b.lit));
  return {
    title: t.flow.label,
    width,
    height,
    ground: colour('ground'),
    family: theme.family,
    parts: [
      { shapes: heads },
      { shapes: [...inOrder.flatMap((line) => lineShapes(line, places, theme)), ...joints] },
      ...boxes,
      { shapes: [text(margin, height - margin, caption, small, colour('ink-3'))] },
    ],
  };
}

function lineShapes(
  { line, health, lit, quiet, faint, latencyMs, perSecond }: Drawn,
  places: Layout,
  theme: Theme,
): Shape[] {
  const { colour } = theme;
  const bad = health === 'down' && !quiet;
  const pale = faint && !lit && (health === 'up' || health === 'unknown');
  const path: Shape = {
    kind: 'path',
    x: margin,
    y: margin,
    d: curve(line),
    line: lit || bad ? 2.5 : pale ? 1 : 1.5,
    opacity: pale ? 0.45 : 1,
    stroke: colour(
      bad
        ? 'down'
        : quiet
          ? 'unknown'
          : health === 'degraded'
            ? 'degraded'
            : lit
              ? health === 'up'
                ? 'accent'
                : 'unknown'
              : 'line-strong',
    ),
    dash: { up: undefined, degraded: '8 3', down: '5 4', unknown: '2 4' }[health],
  };
  const shapes: Shape[] = [path];
  const write = ({ x, y }: Point, words: string) =>
    shapes.push({
      kind: 'text',
      x: x + margin,
      y: y + margin,
      text: words,
      font: small,
      fill: colour('ink-2'),
    });
  if (lit && latencyMs !== null && places.between >= 56)
    write(beside(line), fill(t.flow.latency, { ms: String(Math.round(latencyMs)) }));
  if (perSecond !== null && isWritten(line, lit, perSecond)) {
    const words = rateOf(perSecond);
    const { x, y } = atEnd(line);
    write({ x: line.start.x === line.end.x ? x : x - theme.measure(words, small), y }, words);
  }
  return shapes;
}

/** A padlock, 12 by 12. */
const lock = 'M2.7 5.4h6.6v4.8H2.7zM4.2 5.4V3.6a1.8 1.8 0 0 1 3.6 0v1.8';

type Write = (x: number, y: number, words: string, font: Font, fill: Colour, room?: number) => Shape;

function box(
  item: Item,
  at: Box,
  dim: boolean,
  selected: boolean,
  { colour, measure }: Theme,
  text: Write,
): Part {
  const words = written(item);
  const { group, health, quiet } = item;
  const shapes: Shape[] = [];
  const radius = at.height === node.height ? 10 : 6;
  const edge = dim
    ? colour('line')
    : (health === 'down' && !quiet) || health === 'degraded'
      ? colour(health)
      : colour('line-strong');
  const heading = group?.open ?? false;
  if (!heading) {
    if (group) shapes.push({ kind: 'box', ...at, x: at.x + 3, y: at.y + 3, radius, fill: edge });
    if (selected) {
      const ring = { x: at.x - 2, y: at.y - 2, width: at.width + 4, height: at.height + 4 };
      shapes.push({ kind: 'box', ...ring, radius: radius + 2, stroke: colour('accent'), line: 2 });
    }
    shapes.push({ kind: 'box', ...at, radius, fill: colour(dim ? 'ground' : 'raised') });
    if (health === 'down' && !quiet && !dim)
      shapes.push({ kind: 'box', ...at, radius, fill: colour('down-soft'), opacity: 0.7 });
    shapes.push({ kind: 'box', ...at, radius, stroke: edge, dash: health === 'unknown' ? '3 3' : undefined });
  }
  const badge = isBadge(item.column);
  const inner = at.x + (heading ? 4 : badge ? 7 : 10);
  const two = at.height === node.height && words.detail !== '';
  const line = two ? at.y + 17 : at.y + at.height / 2;
  for (const { d, ink, width, dash } of marks[health]) {
    const own = colour(ink === 'own' ? health : heading ? 'ground' : 'raised');
    const paint = width ? { stroke: own, line: width, dash } : { fill: own };
    shapes.push({ kind: 'path', d, x: inner, y: line - 8, opacity: dim ? 0.72 : 1, ...paint });
  }
  if (item.column === 'certificate' && !group)
    shapes.push({ kind: 'path', d: lock, x: inner + 20, y: line - 6, stroke: colour('ink-3'), line: 1.2 });
  const amount = group ? String(group.count) : '';
  const taken = group ? measure(amount, small) + 12 : 0;
  const room = at.x + at.width - (badge ? 4 : 10) - inner - 23 - taken;
  const ink = colour(dim ? 'ink-3' : heading ? 'ink-2' : 'ink');
  if (words.label !== '')
    shapes.push(
      text(inner + (badge ? 20 : 23), line + 4.5, words.label, heading || badge ? small : label, ink, room),
    );
  if (group)
    shapes.push(
      text(at.x + at.width - (badge ? 8 : 10) - taken + 12, line + 4, amount, small, colour('ink-2')),
    );
  if (two) shapes.push(text(inner, at.y + 41, words.detail, small, colour('ink-3'), at.width - 20));
  return {
    title: [item.label, words.full, spoken(item), t.health[health]].filter(Boolean).join(', '),
    shapes,
  };
}
