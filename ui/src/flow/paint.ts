// Boxes as plain areas on a canvas, for what is too far away to be read. All that is up is a tone; whatever is not has its
// own mark, of a size that can be seen however small the rest is, so that distance hides no trouble.
import type { Health } from '../api/types';
import type { Item } from './fold';
import type { Box } from './lines';

/** Where the drawing's own pixels are on the canvas. */
export interface Scale {
  x: number;
  y: number;
  across: number;
  down: number;
}
export type Colours = Record<Health | 'line' | 'line-strong' | 'accent' | 'raised', string>;

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const names = ['up', 'degraded', 'down', 'unknown', 'line', 'line-strong', 'accent', 'raised'] as const;
  return Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Colours;
}

/** A canvas that is as sharp as the screen, cleared. */
export function blank(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** Down is a triangle, degraded a diamond and unknown a ring, as the marks elsewhere are. */
function mark(context: CanvasRenderingContext2D, health: Health, x: number, y: number, radius: number): void {
  context.beginPath();
  if (health === 'unknown') context.arc(x, y, radius * 0.8, 0, 2 * Math.PI);
  else {
    context.moveTo(x, y - radius);
    context.lineTo(x + radius, health === 'down' ? y + radius * 0.8 : y);
    if (health === 'degraded') context.lineTo(x, y + radius);
    context.lineTo(x - radius, health === 'down' ? y + radius * 0.8 : y);
    context.closePath();
  }
  if (health === 'unknown') context.stroke();
  else context.fill();
}

const worse: readonly Health[] = ['unknown', 'degraded', 'down'];

interface Painted {
  spots: ReadonlyMap<string, Box>;
  items: ReadonlyMap<string, Pick<Item, 'health' | 'quiet'>>;
  lit: ReadonlySet<string> | null;
}

/** `radius`: how large a mark is at least. Returns how many have one. */
export function paint(
  context: CanvasRenderingContext2D,
  { spots, items, lit }: Painted,
  { x, y, across, down }: Scale,
  height: number,
  colours: Colours,
  radius: number,
): number {
  const bad = new Map<Health, Box[]>(worse.map((health) => [health, []]));
  const path = { calm: new Path2D(), lit: new Path2D() };
  for (const [id, box] of spots) {
    const top = y + box.y * down;
    const tall = Math.max(0.5, box.height * down);
    if (top > height || top + tall < 0) continue;
    const of = lit?.has(id) ? path.lit : path.calm;
    of.rect(x + box.x * across, top, box.width * across, tall);
    const item = items.get(id);
    if (item && item.health !== 'up') bad.get(item.health)?.push(box);
  }
  context.fillStyle = colours['line-strong'];
  context.fill(path.calm);
  context.fillStyle = colours.accent;
  context.fill(path.lit);
  let marked = 0;
  context.lineWidth = Math.max(1, radius / 3);
  for (const [health, boxes] of bad) {
    context.fillStyle = context.strokeStyle = colours[health];
    for (const box of boxes) {
      const size = Math.max(radius, (box.height * down) / 2.4);
      mark(context, health, x + (box.x + box.width / 2) * across, y + (box.y + box.height / 2) * down, size);
      marked += 1;
    }
  }
  return marked;
}
