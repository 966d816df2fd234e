// What of a large drawing is in sight. Only that is drawn: as boxes while they are few enough to be read, and else as the
// plain picture that FlowFar paints, in which nothing that is not up is left out.
import type { Box } from './lines';
import type { Viewport } from './viewport';

export interface Stretch {
  top: number;
  bottom: number;
}

/** More boxes than this cast no shadow: in software, shadows take longer than all the rest. */
export const flat = 60;
/** More boxes than this are no longer drawn one by one. */
export const most = 320;
/** The stretch is widened to multiples of it, so that not every move of the view brings and takes boxes. */
const grain = 240;

/** The stretch of the drawing's height that is in sight, and a little more on both sides. */
export function stretch({ y, zoom }: Viewport, height: number): Stretch {
  const [top, bottom] = [-y / zoom, (height - y) / zoom];
  return {
    top: Math.floor(top / grain) * grain - grain / 2,
    bottom: Math.ceil(bottom / grain) * grain + grain / 2,
  };
}

export const isInSight = ({ y, height }: Box, { top, bottom }: Stretch): boolean =>
  y + height >= top && y <= bottom;

/** What was made of a box, by its name: made anew only when the box stands elsewhere, or has another size. */
export class Made<T> {
  #last = new Map<string, { box: Box; made: T }>();

  of(ids: Iterable<string>, spots: ReadonlyMap<string, Box>, make: (id: string, box: Box) => T): T[] {
    const next = new Map<string, { box: Box; made: T }>();
    for (const id of ids) {
      const spot = spots.get(id);
      if (!spot || next.has(id)) continue;
      const last = this.#last.get(id);
      const isThere =
        last?.box.x === spot.x &&
        last.box.y === spot.y &&
        last.box.width === spot.width &&
        last.box.height === spot.height;
      // A layout moves its boxes in place, so that where one was is written down.
      next.set(id, isThere ? last : { box: { ...spot }, made: make(id, spot) });
    }
    this.#last = next;
    return [...next.values()].map(({ made }) => made);
  }
}
