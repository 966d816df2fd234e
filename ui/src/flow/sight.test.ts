import { expect, it } from 'vitest';
import { crowd } from '../../tests/fixture/crowd';
import { fold } from './fold';
import { layout } from './layout';
import { drawLines, shows } from './lines';
import { isInSight, most, stretch } from './sight';

const picture = fold(crowd(3, { services: 1300, machines: 20, namespaces: 20 }), () => false);
const places = layout(picture, { width: 1200, height: 700 });
const items = new Map(picture.items.map((item) => [item.id, item]));
const view = { x: 0, y: -9000, zoom: 0.72 };
const seen = stretch(view, 900);

it('covers what the window shows, and stays the same while the view moves a little', () => {
  expect(seen.top).toBeLessThanOrEqual(9000 / 0.72);
  expect(seen.bottom).toBeGreaterThanOrEqual((9000 + 900) / 0.72);
  const moves = Array.from({ length: 100 }, (_, by) => stretch({ ...view, y: view.y - by }, 900));
  expect(new Set(moves.map(({ top }) => top)).size).toBeLessThanOrEqual(2);
});

it('of thousands of boxes few are in sight where they can be read', () => {
  const few = [...places.spots.values()].filter((box) => isInSight(box, seen));
  expect(few.length).toBeGreaterThan(50);
  expect(few.length).toBeLessThan(most);
});

it('leaves out no line that is not up and crosses the stretch, and of those out of one box the ones that end elsewhere', () => {
  const lines = drawLines(
    places.lines,
    picture.edges,
    places.spots,
    (id) => items.get(id),
    () => false,
  );
  const shown = new Set(lines.filter((line) => shows(line, seen.top, seen.bottom)));
  const crossing = lines.filter(
    ({ line: { start, end } }) =>
      Math.max(start.y, end.y) >= seen.top && Math.min(start.y, end.y) <= seen.bottom,
  );
  for (const line of crossing)
    if (line.health === 'down' || line.health === 'degraded')
      expect(shown.has(line), line.line.id).toBe(true);
  expect(shown.size).toBeLessThan(crossing.length / 2);
  expect(shown.size).toBeGreaterThan(100);
});
