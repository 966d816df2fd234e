// How a part of the drawing is brought into the window: fitting, zooming, moving, and the arrow keys.
import type { Box } from './lines';

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}
interface Size {
  width: number;
  height: number;
}
/** Room in the drawing above its first row; in the window the headings cover the top and buttons the bottom. */
export const head = 32;
export const cover = { top: 36, bottom: 52 } as const;
export const zoomed = { least: 0.1, most: 2, readable: 0.72 } as const;

/** The view that shows everything, but never larger than drawn nor smaller than `least`. */
export function fit(drawn: Size, area: Size, margin: number, least: number = zoomed.readable): Viewport {
  const room = area.height - cover.top - cover.bottom;
  const rows = drawn.height - head;
  const zoom = Math.min(1, Math.max(least, Math.min((area.width - 2 * margin) / drawn.width, room / rows)));
  const spare = Math.max(0, Math.min(2 * head, (room - rows * zoom) / 2));
  return {
    x: Math.max(margin, (area.width - drawn.width * zoom) / 2),
    y: cover.top + spare - head * zoom,
    zoom,
  };
}

/** Zooms around the middle of the area. */
export function zoomBy(view: Viewport, factor: number, area: Size): Viewport {
  const zoom = Math.min(zoomed.most, Math.max(zoomed.least, view.zoom * factor));
  const scale = zoom / view.zoom;
  const about = (at: number, length: number) => length / 2 - (length / 2 - at) * scale;
  return { x: about(view.x, area.width), y: about(view.y, area.height), zoom };
}

/** Moves no further than is needed to see the box. */
export function reveal(view: Viewport, box: Box, area: Size, margin: number): Viewport {
  const inside = (from: number, length: number, least: number, most: number) =>
    from < least ? least - from : from + length > most ? Math.max(least - from, most - from - length) : 0;
  const { x, y, zoom } = view;
  const right = inside(x + box.x * zoom, box.width * zoom, margin, area.width - margin);
  const down = inside(y + box.y * zoom, box.height * zoom, cover.top, area.height - cover.bottom);
  return right === 0 && down === 0 ? view : { x: x + right, y: y + down, zoom };
}

/** A view of the drawing as it is shown under a magnifying glass, which is what larger text is to it. */
export const magnified = ({ x, y, zoom }: Viewport, scale: number): Viewport => ({
  x: x * scale,
  y: y * scale,
  zoom: zoom * scale,
});

const stride = 80;
/** What a key that moves the view does to it, or null. */
export function moved(view: Viewport, key: string): Viewport | null {
  const { x, y, zoom } = view;
  switch (key) {
    case 'ArrowLeft':
      return { x: x + stride, y, zoom };
    case 'ArrowRight':
      return { x: x - stride, y, zoom };
    case 'ArrowUp':
      return { x, y: y + stride, zoom };
    case 'ArrowDown':
      return { x, y: y - stride, zoom };
    default:
      return null;
  }
}

/** The box that an arrow key leads to: the nearest in the next column that has any, or the next in this one. */
export function neighbour(spots: ReadonlyMap<string, Box>, from: string, key: string): string | null {
  const here = spots.get(from);
  if (!here) return null;
  const leads: Record<string, (box: Box) => boolean> = {
    ArrowRight: (box) => box.x > here.x,
    ArrowLeft: (box) => box.x < here.x,
    ArrowDown: (box) => box.x === here.x && box.y > here.y,
    ArrowUp: (box) => box.x === here.x && box.y < here.y,
  };
  const ahead = leads[key];
  if (!ahead) return null;
  const middle = ({ y, height }: Box) => y + height / 2;
  const far = (box: Box) => Math.abs(box.x - here.x) * 1000 + Math.abs(middle(box) - middle(here));
  let nearest: [string, number] | null = null;
  for (const [id, box] of spots) {
    if (!ahead(box)) continue;
    const distance = far(box);
    if (nearest === null || distance < nearest[1]) nearest = [id, distance];
  }
  return nearest?.[0] ?? null;
}
