import { beforeEach, describe, expect, it } from 'vitest';
import { documentOf } from '../../tests/fixture/document';
import { forget, keep, recall, type Kept } from './kept';

const key = 'portico-set-up';
const drafted = {
  document: documentOf(['pi-1', 'pi-2']),
  hosts: ['mac:1', 'mac:2'],
  stage: 'preview' as const,
};
const kept: Kept = { picked: ['mac:1', 'mac:2'], drafted };
const nothing: Kept = { picked: [], drafted: null };
beforeEach(() => localStorage.clear());

/** What is kept, with one thing about it changed by hand. */
function tamper(change: (record: Record<string, never>) => unknown): void {
  keep('home', kept);
  const record = JSON.parse(localStorage.getItem(key) ?? '');
  localStorage.setItem(key, JSON.stringify(change(record) ?? record));
}

describe('what is kept of the set-up', () => {
  it('comes back as it was', () => {
    keep('home', kept);
    expect(recall('home')).toEqual(kept);
    keep('home', { picked: ['mac:1'], drafted: null });
    expect(recall('home')).toEqual({ picked: ['mac:1'], drafted: null });
  });

  it.each([
    ['a release that is pinned', { k3s: { release: { version: 'v1.34.4+k3s1' }, folder: '/srv/k3s' } }],
    [
      'another name and options',
      { name: 'attic', options: { ...drafted.document.options, tlsSan: ['a', 'b'] } },
    ],
    [
      'a machine with all that can be said',
      {
        machines: [
          { name: 'a', address: 'a.lan', role: 'agent', user: 'pi', port: 2222, interface: 'eth0' } as const,
        ],
      },
    ],
  ])('has %s', (_, more) => {
    const document = { ...drafted.document, ...more };
    keep('home', { picked: [], drafted: { ...drafted, document } });
    expect(recall('home').drafted?.document).toEqual(document);
  });

  it('is of one world, and the other knows nothing of it', () => {
    keep('practice', kept);
    expect(recall('home')).toEqual(nothing);
    keep('home', { ...kept, picked: ['mac:9'] });
    forget('practice');
    expect([recall('practice'), recall('home').picked]).toEqual([nothing, ['mac:9']]);
  });

  it('is gone when there is nothing to keep', () => {
    keep('home', kept);
    keep('home', nothing);
    expect(localStorage).toHaveLength(0);
  });

  it('is what the document has, and nothing beside it', () => {
    const document = {
      ...drafted.document,
      password: 'secret',
      k3s: { ...drafted.document.k3s, token: 'secret' },
      machines: drafted.document.machines.map((machine) => ({ ...machine, password: 'secret' })),
      options: { ...drafted.document.options, token: 'secret' },
    };
    keep('home', { ...kept, drafted: { ...drafted, document } });
    expect(localStorage.getItem(key)).not.toMatch(/secret|password|token/);
    expect(recall('home').drafted?.document.machines).toEqual(drafted.document.machines);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['no JSON', () => localStorage.setItem(key, '{')],
    ['something else', () => localStorage.setItem(key, '"dark"')],
    ['a list', () => localStorage.setItem(key, '[1]')],
    ['a later version', () => tamper((record) => ({ ...record, version: 2 }))],
    ['no version', () => tamper((record) => ({ ...record, version: undefined }))],
    ['picks that are none', () => tamper((record) => ({ ...record, picked: [1] }))],
  ])('is as good as not there: %s', (_, write) => {
    write();
    expect(recall('home')).toEqual(nothing);
  });

  it.each([
    ['of a later version', { version: 2 }],
    ['without a name', { name: undefined }],
    ['with machines that are none', { machines: ['pi-1'] }],
    ['with a role that is none', { machines: [{ ...drafted.document.machines[0], role: 'king' }] }],
    ['with a port that is none', { machines: [{ ...drafted.document.machines[0], port: '22' }] }],
    ['without options', { options: null }],
    ['without a release', { k3s: { folder: null } }],
  ])('costs the document alone: one %s', (_, wrong) => {
    tamper((record) => ({ ...record, drafted: { ...drafted, document: { ...drafted.document, ...wrong } } }));
    expect(recall('home')).toEqual({ ...kept, drafted: null });
  });
});
