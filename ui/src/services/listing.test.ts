import { describe, expect, it } from 'vitest';
import type { ExposedService, Health, Reach } from '../api/types';
import { everything, pathsBy } from '../flow/filter';
import { fitting, parts, read, spacesOf, written } from './listing';

const service = (
  name: string,
  namespace: string,
  health: Health = 'up',
  reach: Reach = 'lan',
): ExposedService => ({
  exposure: {
    name,
    hostname: `${name}.example.test`,
    reach,
    tls: 'terminated',
    access: [],
    backend: { kind: 'echo', image: 'x' },
  },
  namespace,
  health,
  reason: null,
  notes: [],
});
const all = [
  service('wiki', 'paper', 'down'),
  service('echo', 'apps', 'up', 'public'),
  service('radio', 'media'),
  service('films', 'media', 'unknown'),
];
const names = (some: readonly ExposedService[]) => some.map(({ exposure }) => exposure.name);

describe('the list of services', () => {
  it.each([
    [{ text: 'wiki' }, ['wiki']],
    [{ text: 'MEDIA example' }, ['radio', 'films']],
    [{ text: 'echo.example' }, ['echo']],
    [{ healths: ['down', 'unknown'] as Health[] }, ['wiki', 'films']],
    [{ reach: 'public' as const }, ['echo']],
    [{ namespace: 'media', healths: ['up'] as Health[] }, ['radio']],
    [{ text: 'nobody' }, []],
  ])('narrowed by %j is %j', (filter, want) =>
    expect(names(fitting(all, { ...everything, ...filter }))).toEqual(want),
  );

  it('is all of them when nothing is asked for', () => expect(fitting(all, everything)).toBe(all));

  it('stands by namespace, and folded ones still show what is not up', () => {
    expect(
      parts(all, () => true).map((part) => [part.namespace, part.count, part.health, names(part.shown)]),
    ).toEqual([
      ['apps', 1, 'up', []],
      ['media', 2, 'unknown', ['films']],
      ['paper', 1, 'down', ['wiki']],
    ]);
    expect(parts(all, () => false).flatMap(({ shown }) => names(shown))).toEqual([
      'echo',
      'radio',
      'films',
      'wiki',
    ]);
  });

  it('is told by health and by namespace', () => {
    expect(pathsBy({ paths: all })).toEqual({ up: 2, degraded: 0, down: 1, unknown: 1 });
    expect(spacesOf(all)).toEqual(['apps', 'media', 'paper']);
  });

  it.each([
    everything,
    { text: 'a b&c=ü', healths: ['down', 'unknown'] as Health[], reach: 'lan' as const, namespace: 'x' },
  ])('its filter is read as it was written: %j', (filter) => {
    const back = read(written(filter));
    expect({ ...back, healths: back.healths.toSorted() }).toEqual({
      ...filter,
      healths: [...filter.healths].toSorted(),
    });
  });

  it('takes what is no filter for none', () =>
    expect(read('reach=nobody&health=fine+odd')).toEqual(everything));
});
