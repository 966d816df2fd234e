import { describe, expect, it } from 'vitest';
import { worst } from './strip';

const cell = (parts: object) => ({ from: 0, until: 1, up: 0, degraded: 0, down: 0, unknown: 0, ...parts });

describe('a cell of a strip', () => {
  it.each([
    ['unknown', { unknown: 1 }],
    ['up', { up: 0.1, unknown: 0.9 }],
    ['degraded', { up: 0.9, degraded: 0.1 }],
    ['down', { up: 0.98, degraded: 0.01, down: 0.01 }],
  ])('is %s, the worst that was seen', (health, parts) => expect(worst(cell(parts))).toBe(health));
});
