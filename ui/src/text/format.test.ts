import { describe, expect, it } from 'vitest';
import {
  ago,
  duration,
  fill,
  findingWords,
  lineWords,
  many,
  reasonWords,
  sentence,
  size,
  stepTitle,
} from './format';
import { problems } from './catalogue';

describe('numbers and times', () => {
  it.each([
    [64, '64 KB'],
    [512 * 1024, '512 MB'],
    [1.9 * 1024 * 1024, '1.9 GB'],
    [15.6 * 1024 * 1024, '16 GB'],
  ])('%d KiB is %s', (kib, want) => expect(size(kib)).toBe(want));
  it.each([
    [0.2, 'under 1 s'],
    [24, '24 s'],
    [120, '2 min'],
    [9000, '2.5 h'],
    [86_400, '24 h'],
    [216_000, '2.5 days'],
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
    const problem = {
      code: 'connection-refused',
      args: { address: 'pi', port: '2222' },
      detail: null,
    } as const;
    expect(sentence(problem).what).toBe('pi refused the connection on port 2222.');
    const caused = {
      code: 'service-did-not-start',
      args: { machine: 'pi-2', cause: 'port-in-use', port: '10250' },
      detail: null,
    } as const;
    expect(sentence(caused)).toEqual({
      what: 'K3s did not start on pi-2. Port 10250 on pi-2 is taken by another program.',
      next: 'Stop it, then continue.',
    });
    expect(reasonWords({ code: 'ssh-closed', port: 22 })).toBe('SSH is off: port 22 is closed');
    const finding = { check: 'clock-skew', severity: 'stop', args: { seconds: '600' }, fix: null } as const;
    expect(findingWords(finding).what).toBe('Its clock is 600 s away from the others.');
  });
  it('say what was waited for, and a line of a preview, in phrases', () => {
    const args = {
      step: 'echo/deployment',
      waited: '60',
      waiting: 'as it was sent',
      object: 'Deployment a/b',
    };
    const waited = {
      code: 'step-timed-out',
      args: { ...args, awaited: 'pods-awaited' },
      detail: null,
    } as const;
    expect(sentence(waited).what).toBe(
      'echo/deployment did not become true in 60 s: Deployment a/b: waiting for its pods.',
    );
    expect(sentence({ ...waited, args }).what).toContain('as it was sent');
    expect(lineWords({ sign: 'add', text: 'a path' })).toBe('a path');
    const said = { phrase: 'tunnel', args: { tunnel: 'home' } } as const;
    expect(lineWords({ sign: 'add', text: 'other', said })).toBe('tunnel home');
  });
  it('leave no brace behind, whatever arguments come', () => {
    expect(fill('{a} and {b}', { a: 'x' })).toBe('x and');
    expect(fill('{a|nothing}', { a: '' })).toBe('nothing');
    for (const [code, { what, next }] of Object.entries(problems)) {
      expect(fill(what, {}) + fill(next, {}), code).not.toMatch(/[{}]/);
    }
  });
  it('are never put as a command line of Portico, which the window does not have', () => {
    for (const [code, { next }] of Object.entries(problems)) expect(next, code).not.toMatch(/portico [a-z]+/);
  });
  it('name a step by its stage, and an object that is applied by its kind', () => {
    expect(stepTitle({ id: 'pi-1/copy', stage: 'copy-k3s' })).toBe('Copy K3s');
    expect(stepTitle({ id: 'echo/namespace', stage: 'deploy-workload' })).toBe('Make the namespace');
  });
});
