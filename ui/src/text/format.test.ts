import { describe, expect, it } from 'vitest';
import { ago, duration, fill, findingWords, many, phrase, sentence, size } from './format';
import { problems } from './problems';
import { titles } from './phrases';

describe('numbers and times', () => {
  it.each([
    [512 * 1024, '512 MB'],
    [1.9 * 1024 * 1024, '1.9 GB'],
    [15.6 * 1024 * 1024, '16 GB'],
  ])('%d KiB is %s', (kib, want) => expect(size(kib)).toBe(want));
  it.each([
    [0.2, 'under 1 s'],
    [24, '24 s'],
    [120, '2 min'],
    [9000, '2.5 h'],
  ])('%d s is %s', (seconds, want) => expect(duration(seconds)).toBe(want));
  it.each([
    [0, 'just now'],
    [2_000, '2 sec. ago'],
    [360_000, '6 min. ago'],
    [90_000_000, '25 hr. ago'],
  ])('%d ms ago is %s', (past, want) => expect(ago(1e12 - past, 1e12)).toBe(want));
  it('counts in words', () => {
    expect(many(1, 'machine', 'machines')).toBe('1 machine');
    expect(many(1200, 'machine', 'machines')).toBe('1,200 machines');
  });
});

describe('codes', () => {
  it('become sentences with their arguments', () => {
    expect(
      sentence({ code: 'connection-refused', args: { address: 'pi', port: '2222' }, detail: null }).what,
    ).toBe('pi refuses connections on port 2222.');
    expect(phrase(titles, { code: 'build-cluster', args: { name: 'home' } })).toBe('Build the cluster home');
  });
  it('are shown as their own words where no sentence is known', () => {
    expect(phrase({}, { code: 'some-new-step', args: {} })).toBe('Some new step');
    expect(findingWords({ code: 'odd-thing', severity: 'note', args: {}, fix: null })).toEqual({
      what: 'Odd thing',
      fix: '',
    });
  });
  it('never leave a brace behind', () => expect(fill('{a} and {b}', { a: 'x' })).toBe('x and …'));
  it('all end in a full stop and never shout', () => {
    for (const [code, { what, next }] of Object.entries(problems)) {
      expect(what, code).toMatch(/\.$/);
      expect(next, code).toMatch(/\.$/);
      expect(what + next, code).not.toContain('!');
    }
  });
});
