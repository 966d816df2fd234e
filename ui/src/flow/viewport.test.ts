import { describe, expect, it } from 'vitest';
import { graph } from '../../tests/fixture/graph';
import { fold } from './fold';
import { layout } from './layout';
import { cover, fit, head, magnified, moved, neighbour, reveal, zoomBy, zoomed } from './viewport';

const area = { width: 1000, height: 600 };

describe('fit', () => {
  it('shows a small drawing at full size, in the middle', () =>
    expect(fit({ width: 800, height: 400 }, area, 18)).toEqual({
      x: 100,
      y: cover.top + 2 * head - head,
      zoom: 1,
    }));
  it('stays readable by itself, and shows all of it when that is asked for', () => {
    const tall = { width: 800, height: 3000 };
    expect(fit(tall, area, 18).zoom).toBe(zoomed.readable);
    const { y, zoom } = fit(tall, area, 18, zoomed.least);
    expect(y + head * zoom).toBeCloseTo(cover.top);
    expect(y + 3000 * zoom).toBeCloseTo(600 - cover.bottom);
  });
});

it('zooms around the middle, within bounds', () => {
  const view = zoomBy({ x: 0, y: 0, zoom: 1 }, 2, area);
  expect(view).toEqual({ x: -500, y: -300, zoom: 2 });
  expect(zoomBy(view, 2, area)).toEqual(view);
  expect(zoomBy(view, 0.001, area).zoom).toBe(zoomed.least);
});

it('moves the view by a key, as if the window moved', () => {
  expect(moved({ x: 0, y: 0, zoom: 1 }, 'ArrowDown')).toEqual({ x: 0, y: -80, zoom: 1 });
  expect(moved({ x: 0, y: 0, zoom: 1 }, 'a')).toBeNull();
});

describe('reveal', () => {
  const view = { x: 0, y: 0, zoom: 1 };
  const box = { x: 100, y: 100, width: 128, height: 54 };
  it('leaves a view alone that shows the box', () => expect(reveal(view, box, area, 18)).toBe(view));
  it('moves no further than needed', () => {
    expect(reveal(view, { ...box, y: 900 }, area, 18)).toEqual({
      x: 0,
      y: 600 - cover.bottom - 54 - 900,
      zoom: 1,
    });
    expect(reveal({ ...view, y: -90 }, box, area, 18)).toEqual({ x: 0, y: -64, zoom: 1 });
  });
  it('shows the beginning of what is larger than the window', () =>
    expect(reveal(view, { ...box, y: 900, height: 5000 }, area, 18).y).toBe(cover.top - 900));
});

describe('neighbour', () => {
  const { spots } = layout(
    fold(graph(0), () => false),
    area,
  );

  it.each([
    ['lan', 'ArrowRight', 'name/home'],
    ['service/echo', 'ArrowDown', 'service/grafana'],
    ['service/grafana', 'ArrowUp', 'service/echo'],
    ['service/echo', 'ArrowUp', 'services/apps'],
    ['services/apps', 'ArrowUp', null],
    ['ingress', 'ArrowLeft', 'way-in/pi-2'],
    ['ingress', 'a', null],
  ])('%s %s leads to %s', (from, key, want) => expect(neighbour(spots, from, key)).toBe(want));
});

describe('a magnified view', () => {
  it('is the same view again without the glass', () => {
    const view = { x: 18, y: -40, zoom: 0.72 };
    expect(magnified(view, 2)).toEqual({ x: 36, y: -80, zoom: 1.44 });
    expect(magnified(magnified(view, 2), 1 / 2)).toEqual(view);
  });
});
