// What of a large drawing is in sight. Only that is drawn: as boxes while they are few enough to be read, and else as the
// plain picture that FlowFar paints, in which nothing that is not up is left out.
import type { Box } from './lines';
import type { Viewport } from './viewport';

export interface Stretch {
  top: number;
  bottom: number;
}

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
