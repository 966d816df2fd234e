import { describe, expect, it } from 'vitest';
import { crowd } from '../../tests/fixture/crowd';
import { graph } from '../../tests/fixture/graph';
import type { FlowGraph } from '../api/types';
import { draw, shorten, type Theme } from './drawing';
import { scene } from './export';
import { fold } from './fold';
import { scaleOf } from './png';
import { svg } from './svg';

const theme: Theme = {
  colour: (token) => `#${token}`,
  family: "'Inter Variable', Inter, sans-serif",
  measure: (text, font) => text.length * font.size * 0.55,
};
const paths = (flow: FlowGraph, service: string) =>
  new Set(flow.paths.find((path) => path.service === service)?.hops);
const drawing = (flow: FlowGraph, service: string | null = null, folded = false) => {
  const picture = fold(flow, () => folded);
  const selected = service === null ? null : `service/${service}`;
  return draw(scene(flow, picture, selected, paths(flow, service ?? '')), theme);
};
const parse = (text: string) => new DOMParser().parseFromString(text, 'image/svg+xml');

describe('a drawing', () => {
  it('has a part in words for every box', () => {
    const titles = drawing(graph(0)).parts.flatMap((part) => part.title ?? []);
    expect(titles).toHaveLength(graph(0).hops.length + 1);
    expect(titles).toContain('wiki, apps, Service, Down');
  });

  it('keeps every shape inside of its size', () => {
    const { parts, width, height } = drawing(crowd(2, { services: 200, machines: 20, namespaces: 9 }));
    for (const shape of parts.flatMap((part) => part.shapes)) {
      const room =
        shape.kind === 'box' ? { width: shape.width, height: shape.height } : { width: 0, height: 0 };
      expect(shape.x).toBeGreaterThanOrEqual(0);
      expect(shape.x + room.width).toBeLessThanOrEqual(width);
      expect(shape.y + room.height).toBeLessThanOrEqual(height);
    }
  });

  it('keeps texts inside of their boxes', () => {
    for (const { title, shapes } of drawing(crowd(3, { services: 30, machines: 3, namespaces: 2 })).parts) {
      const box = shapes.find((shape) => shape.kind === 'box');
      if (title === undefined || box?.kind !== 'box') continue;
      for (const shape of shapes)
        if (shape.kind === 'text')
          expect(shape.x + theme.measure(shape.text, shape.font), title).toBeLessThanOrEqual(
            box.x + box.width,
          );
    }
  });
});

describe('the SVG', () => {
  it('opens by itself: well-formed, with fonts named and colours written out', () => {
    const text = svg(drawing(graph(0), 'echo'));
    const root = parse(text).documentElement;
    expect(root.nodeName).toBe('svg');
    expect(root.getAttribute('font-family')).toBe(theme.family);
    expect([...root.querySelectorAll('text')].map((node) => node.textContent)).toContain('grafana');
    expect(text).not.toMatch(/var\(|url\(|undefined|NaN|foreignObject/);
  });

  it('lets no name break out of its text', () => {
    const flow = graph(0);
    const evil = '<script>"&\'';
    const hops = flow.hops.map((hop) => (hop.id === 'ingress' ? { ...hop, label: evil } : hop));
    const text = svg(drawing({ ...flow, hops }));
    expect(text).not.toContain('<script');
    expect([...parse(text).querySelectorAll('text')].map((node) => node.textContent)).toContain(evil);
  });

  it('draws the selected path in the accent, and the rest without it', () => {
    expect(svg(drawing(graph(0), 'echo'))).toContain('stroke="#accent"');
    expect(svg(drawing(graph(0)))).not.toContain('#accent');
  });
});

it.each([
  ['short', 100, 'short'],
  ['much too long', 60, 'much too…'],
  ['long', 0, '…'],
])('%s in %i pixels is %s', (text, room, want) =>
  expect(shorten(text, room, (part) => part.length * 6)).toBe(want),
);

it('paints twice as sharp, but never more than a webview can', () => {
  expect(scaleOf({ width: 1000, height: 800 })).toBe(2);
  const tall = { width: 1400, height: 20_000 };
  expect(tall.height * scaleOf(tall)).toBeLessThanOrEqual(16_000);
  const large = { width: 15_000, height: 15_000 };
  expect(15_000 ** 2 * scaleOf(large) ** 2).toBeLessThanOrEqual(120_000_001);
});
