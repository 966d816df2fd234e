import { describe, expect, it } from 'vitest';
import { stripWords, worst } from './strip';

const cell = (parts: object) => ({ from: 0, until: 1, up: 0, degraded: 0, down: 0, unknown: 0, ...parts });

describe('a cell of a strip', () => {
  it.each([
    ['unknown', { unknown: 1 }],
    ['up', { up: 0.1, unknown: 0.9 }],
    ['degraded', { up: 0.9, degraded: 0.1 }],
    ['down', { up: 0.98, degraded: 0.01, down: 0.01 }],
  ])('is %s, the worst that was seen', (health, parts) => expect(worst(cell(parts))).toBe(health));
});

it('a strip in words counts its cells by the worst, and leaves out what there is none of', () => {
  const cells = [cell({ up: 1 }), cell({ up: 0.5, down: 0.5 }), cell({ up: 1 }), cell({ unknown: 1 })];
  expect(stripWords(cells, 'week')).toBe('Over the last 7 days: 2 up, 1 down, and 1 unknown');
});
