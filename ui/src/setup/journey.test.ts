import { describe, expect, it } from 'vitest';
import { journey, stops, type Known } from './journey';

const nothing: Known = {
  picked: 0,
  connected: 0,
  checked: false,
  roles: false,
  previewed: false,
  begun: false,
  cluster: false,
  token: false,
  stack: false,
  home: false,
  services: 0,
};
const next = (known: Partial<Known>) =>
  stops.find((stop) => journey({ ...nothing, ...known })[stop] === 'now');
const done = (known: Partial<Known>) =>
  stops.filter((stop) => journey({ ...nothing, ...known })[stop] === 'done');

describe('the journey', () => {
  const met = { picked: 2, connected: 2 };
  it.each([
    ['find', {}],
    ['find', { picked: 0, token: true }],
    ['connect', { picked: 2, connected: 1 }],
    ['connect', { picked: 2, connected: 1, checked: true, roles: true }],
    ['check', met],
    ['check', { ...met, roles: true }],
    ['roles', { ...met, checked: true }],
    ['preview', { ...met, checked: true, roles: true }],
    ['preview', { ...met, checked: true, roles: true, token: true }],
    ['build', { ...met, checked: true, roles: true, previewed: true }],
    ['build', { begun: true }],
    ['names', { cluster: true }],
    ['names', { cluster: true, token: true }],
    ['service', { cluster: true, token: true, stack: true }],
    ['service', { cluster: true, home: true }],
    [undefined, { cluster: true, token: true, stack: true, services: 1 }],
    [undefined, { cluster: true, services: 1 }],
  ] as [string | undefined, Partial<Known>][])('goes on with %s', (stop, known) => {
    expect(next(known)).toBe(stop);
  });
  it.each([
    ['a cluster', { cluster: true }, 'build'],
    ['a build that was cut off', { begun: true }, 'preview'],
    // Whether the others can be built without a machine that cannot be read is for the preview to say.
    ['a plan that nothing hinders', { picked: 3, connected: 2, previewed: true }, 'preview'],
  ] as const)('takes what %s proves as done, also after the window was opened anew', (_, known, last) => {
    expect(done(known)).toEqual(stops.slice(0, stops.indexOf(last) + 1));
  });
  it('leaves Cloudflare for whenever it is wanted', () => {
    expect(journey(nothing).names).toBe('optional');
  });
});
