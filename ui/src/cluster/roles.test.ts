import { describe, expect, it } from 'vitest';
import type { ClusterDocument, Role } from '../api/types';
import { duties, majority, offers, roleProblem, shapeOf, spare, standing, type KnownOf } from './roles';

/** `sww` is one server and two workers: m1, m2, m3. */
function cluster(roles: string, servicelbOnWorkers = true) {
  const machines = [...roles].map((letter, index) => ({
    name: `m${index + 1}`,
    address: `192.168.1.${index + 1}`,
    role: (letter === 's' ? 'server' : 'agent') satisfies Role as Role,
    user: null,
    port: null,
    interface: null,
  }));
  return { machines, options: { servicelbOnWorkers } as ClusterDocument['options'] };
}
const nothing: KnownOf = () => undefined;
const gib = 1024 * 1024;
const memory =
  (sizes: Record<string, number>, disks: Record<string, number> = {}): KnownOf =>
  ({ name }) => ({
    memoryTotalKib: name in sizes ? (sizes[name] ?? 0) * gib : null,
    diskTotalKib: name in disks ? (disks[name] ?? 0) * gib : null,
  });

describe('the standing', () => {
  it.each([
    ['', 'none', 'no-server'],
    ['ww', 'none', 'no-server'],
    ['s', 'alone', undefined],
    ['sw', 'simple', undefined],
    ['swwww', 'simple', undefined],
    ['ss', 'two', 'two-servers'],
    ['sswww', 'two', 'two-servers'],
    ['sss', 'safe', undefined],
    ['sssw', 'safe', undefined],
    ['ssss', 'even', 'even-servers'],
    ['sssssw', 'safe', undefined],
    ['ssssss', 'even', 'even-servers'],
  ])('of %j is %s', (roles, expected, code) => {
    expect(standing(shapeOf(cluster(roles)))).toBe(expected);
    expect(roleProblem(cluster(roles))?.code).toBe(code);
  });

  it('counts the even servers for its sentence', () => {
    expect(roleProblem(cluster('ssssw'))?.args).toEqual({ servers: '4' });
  });
});

it.each([
  [0, 1, 0],
  [1, 1, 0],
  [2, 2, 0],
  [3, 2, 1],
  [4, 3, 1],
  [5, 3, 2],
])('of %i servers %i must agree, and %i may be off', (servers, agree, off) => {
  expect(majority(servers)).toBe(agree);
  expect(spare(servers)).toBe(off);
});

describe('the duties', () => {
  it('are all on the servers where there is no worker', () => {
    expect(duties(cluster('sss'))).toEqual({ server: ['control', 'services', 'lan'], agent: [] });
  });
  it('leave the servers the control plane alone as soon as there is one', () => {
    expect(duties(cluster('sw'))).toEqual({ server: ['control'], agent: ['services', 'lan'] });
  });
  it('let LAN traffic arrive everywhere where the document wants it so', () => {
    expect(duties(cluster('sw', false))).toEqual({ server: ['control', 'lan'], agent: ['services', 'lan'] });
  });
});

describe('the layouts offered', () => {
  const said = (roles: string, known = nothing) =>
    offers(cluster(roles), known).map(
      ({ servers, workers, names, inPlace }) =>
        `${servers}+${workers} ${names.join(',')}${inPlace ? ' in place' : ''}`,
    );

  it.each([
    ['', []],
    ['s', ['1+0 m1 in place']],
    ['w', ['1+0 m1']],
    ['sw', ['1+1 m1 in place']],
    ['ss', ['1+1 m1']],
    ['sww', ['1+2 m1 in place', '3+0 m1,m2,m3']],
    ['wsww', ['1+3 m2 in place', '3+1 m1,m2,m3']],
    ['ssss', ['1+3 m1', '3+1 m1,m2,m3']],
    ['sssww', ['1+4 m1', '3+2 m1,m2,m3 in place']],
  ])('for %j', (roles, expected) => expect(said(roles)).toEqual(expected));

  it('take those with most memory, but keep who is a server already', () => {
    expect(said('wsww', memory({ m1: 4, m2: 1, m3: 8, m4: 16 }))).toEqual([
      '1+3 m2 in place',
      '3+1 m2,m3,m4',
    ]);
    expect(said('wwww', memory({ m1: 4, m2: 2, m3: 8, m4: 16 }))[0]).toBe('1+3 m4');
  });
  it('do not swap the first server for a larger one', () => {
    expect(said('sssw', memory({ m1: 2, m2: 16, m3: 8 }))[0]).toBe('1+3 m1');
  });
  it('take the larger disk where the memory is the same, and the unknown last', () => {
    const sizes = { m2: 4, m3: 4, m4: 4 };
    expect(said('wwww', memory(sizes, { m2: 32, m3: 64, m4: 256 }))).toEqual(['1+3 m4', '3+1 m2,m3,m4']);
  });
});
