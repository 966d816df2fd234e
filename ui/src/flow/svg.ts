// A drawing as an SVG document that opens by itself: vectors and text, its colours written out, its fonts named.
import type { Drawing, Shape } from './drawing';

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const n = (value: number): string => String(Math.round(value * 100) / 100);

function attributes(values: Record<string, string | number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? n(value) : escape(value ?? '')}"`)
    .join('');
}

function write(shape: Shape): string {
  if (shape.kind === 'text') {
    const { x, y, fill, font } = shape;
    const how = { x, y, fill, 'font-size': font.size, 'font-weight': font.weight };
    return `<text${attributes({ ...how })}>${escape(shape.text)}</text>`;
  }
  const { fill, stroke, dash, opacity } = shape;
  const ink = attributes({
    fill: fill ?? 'none',
    stroke,
    'stroke-width': stroke === undefined ? undefined : (shape.line ?? 1),
    'stroke-dasharray': dash,
    opacity: opacity === 1 ? undefined : opacity,
  });
  if (shape.kind === 'path')
    return `<path d="${escape(shape.d)}" transform="translate(${n(shape.x)} ${n(shape.y)})"${ink}/>`;
  const { x, y, width, height, radius } = shape;
  return `<rect${attributes({ x, y, width, height, rx: radius })}${ink}/>`;
}

export function svg({ title, width, height, ground, family, parts }: Drawing): string {
  const groups = parts.map(
    ({ title, shapes }) =>
      `<g>${title === undefined ? '' : `<title>${escape(title)}</title>`}${shapes.map(write).join('')}</g>`,
  );
  const size = attributes({ width, height, viewBox: `0 0 ${n(width)} ${n(height)}` });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg"${size}${attributes({ 'font-family': family })} role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="100%" height="100%" fill="${escape(ground)}"/>`,
    ...groups,
    '</svg>',
    '',
  ].join('\n');
}
