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

/** A box where it stands, by its name. */
export type Spot = Box & { id: string };

/** The boxes by their names, each the same object as last time unless it stands elsewhere or has another size. */
export class Made {
  #last = new Map<string, Spot>();

  of(ids: Iterable<string>, spots: ReadonlyMap<string, Box>): Spot[] {
    const next = new Map<string, Spot>();
    for (const id of ids) {
      const spot = spots.get(id);
      if (!spot || next.has(id)) continue;
      const last = this.#last.get(id);
      const isThere =
        last?.x === spot.x && last.y === spot.y && last.width === spot.width && last.height === spot.height;
      // A layout moves its boxes in place, so that where one was is written down.
      next.set(id, isThere ? last : { id, ...spot });
    }
    this.#last = next;
    return [...next.values()];
  }
}
