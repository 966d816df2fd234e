import { describe, expect, it } from 'vitest';
import { journey, stops, type Known } from './journey';

const nothing: Known = {
  picked: 0,
  connected: 0,
  roles: false,
  cluster: false,
  token: false,
  stack: false,
  home: false,
  services: 0,
};
const next = (known: Partial<Known>) =>
  stops.find((stop) => journey({ ...nothing, ...known })[stop] === 'now');

describe('the journey', () => {
  it.each([
    ['find', {}],
    ['find', { picked: 0, token: true }],
    ['connect', { picked: 2, connected: 1 }],
    ['roles', { picked: 2, connected: 2 }],
    ['build', { picked: 2, connected: 2, roles: true }],
    ['build', { picked: 2, connected: 2, roles: true, token: true }],
    ['names', { cluster: true }],
    ['names', { cluster: true, token: true }],
    ['service', { cluster: true, token: true, stack: true }],
    ['service', { cluster: true, home: true }],
    [undefined, { cluster: true, token: true, stack: true, services: 1 }],
    [undefined, { cluster: true, services: 1 }],
  ] as [string | undefined, Partial<Known>][])('goes on with %s', (stop, known) => {
    expect(next(known)).toBe(stop);
  });
  it('takes what a cluster proves as done, also after the window was opened anew', () => {
    const state = journey({ ...nothing, cluster: true });
    expect([state.find, state.connect, state.roles, state.build]).toEqual(['done', 'done', 'done', 'done']);
  });
  it('leaves Cloudflare for whenever it is wanted', () => {
    expect(journey(nothing).names).toBe('optional');
  });
});
