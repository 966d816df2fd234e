// Questions that overtake one another: of those about the document, the last one asked decides.
import { beforeEach, describe, expect, it } from 'vitest';
import { openDoor } from '../api/door';
import type { Checked, ClusterDocument, Host } from '../api/types';
import { documentOf } from '../../tests/fixture/document';
import { hosts } from '../../tests/fixture/machines';
import { cluster } from './cluster.svelte';

interface Asked {
  name: string;
  request: unknown;
  answer: (value: unknown) => Promise<void>;
  refuse: () => Promise<void>;
}
let asked: Asked[] = [];
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

/** A door behind which every question waits until the test answers it. */
beforeEach(async () => {
  asked = [];
  openDoor({
    listen: () => () => undefined,
    call: (name, request) =>
      new Promise((resolve, reject) =>
        asked.push({
          name,
          request,
          answer: (value) => (resolve(value), settle()),
          refuse: () => (reject({ code: 'host-unreachable', args: {}, detail: null }), settle()),
        }),
      ),
  });
  const opened = cluster.open('');
  await last().answer({ document: documentOf(['pi-1', 'pi-2', 'pi-3']) });
  await last().answer(found('pi-1'));
  await opened;
});
const last = (): Asked => asked.at(-1) as Asked;
/** What a check says, told apart by the machine that could not be read. */
const found = (unread: string): Checked => ({
  findings: {},
  unread: { [unread]: { code: 'host-unreachable', args: {}, detail: null } },
});
const unread = () => Object.keys(cluster.checked?.unread ?? {});
const [one, two] = hosts as [Host, Host];

describe('of checks that overlap', () => {
  it('the last decides, and nothing is settled before it has come', async () => {
    cluster.change('pi-2', { role: 'server' });
    const older = last();
    cluster.change('pi-3', { role: 'server' });
    const newer = last();
    await older.answer(found('pi-2'));
    expect([cluster.busy, unread()]).toEqual([true, ['pi-1']]);
    await newer.answer(found('pi-3'));
    expect([cluster.busy, unread()]).toEqual([false, ['pi-3']]);
  });

  it('an older one that comes late changes nothing, neither what it found nor that it failed', async () => {
    const older = [1, 2].map(() => {
      void cluster.check();
      return last();
    });
    void cluster.check();
    await last().answer(found('pi-3'));
    expect(cluster.busy).toBe(false);
    await older[0]?.answer(found('pi-2'));
    await older[1]?.refuse();
    expect([cluster.busy, unread(), cluster.problem]).toEqual([false, ['pi-3'], null]);
  });

  it('the last that fails says so, and that nothing is known', async () => {
    void cluster.check();
    await last().refuse();
    expect([cluster.busy, cluster.checked, cluster.problem?.code]).toEqual([false, null, 'host-unreachable']);
  });
});

it('a preview is not shown when a role was changed meanwhile', async () => {
  void cluster.preview();
  const preview = last();
  cluster.change('pi-2', { role: 'server' });
  await preview.answer({ id: 'plan-1', steps: [] });
  expect([cluster.plan, cluster.stage, cluster.busy]).toEqual([null, 'roles', true]);
  await last().answer(found('pi-2'));
  expect(cluster.busy).toBe(false);
});

it('a build that was begun is shown, whatever was asked after it', async () => {
  void cluster.preview();
  await last().answer({ id: 'plan-1', steps: [] });
  let begin: (run: string) => void = () => undefined;
  void cluster.build(() => new Promise((resolve) => (begin = resolve)));
  void cluster.check();
  await last().answer(found('pi-2'));
  expect(cluster.busy).toBe(true);
  begin('run-1');
  await settle();
  expect([cluster.busy, cluster.stage, cluster.run]).toEqual([false, 'build', 'run-1']);
});

describe('a draft', () => {
  const drafted = (): string[] => cluster.document?.machines.map(({ name }) => name) ?? [];
  const answer = (question: Asked, ...names: string[]) =>
    question.answer({ document: documentOf(names) satisfies ClusterDocument });

  it('is the one for the machines that were picked last', async () => {
    void cluster.draft([one]);
    const first = last();
    void cluster.draft([one, two]);
    await answer(last(), 'pi-1', 'pi-2');
    await answer(first, 'pi-1');
    expect(drafted()).toEqual(['pi-1', 'pi-2']);
    expect([cluster.isFor([one]), cluster.isFor([two, one])]).toEqual([false, true]);
  });

  it('is dropped when the picks are again what they were', async () => {
    void cluster.draft([one]);
    await answer(last(), 'pi-1');
    void cluster.draft([one, two]);
    const other = last();
    void cluster.draft([one]);
    expect(last()).toBe(other);
    await answer(other, 'pi-1', 'pi-2');
    expect(drafted()).toEqual(['pi-1']);
  });

  it('stays when more becomes known of a machine', async () => {
    void cluster.draft([one]);
    await answer(last(), 'pi-1');
    const count = asked.length;
    void cluster.draft([{ ...one, id: 'machine:4711', formerly: [one.id] }]);
    expect(asked).toHaveLength(count);
  });

  it('is asked for again when it failed', async () => {
    void cluster.draft([one]);
    await last().refuse();
    expect(cluster.problem?.code).toBe('host-unreachable');
    void cluster.draft([one]);
    await answer(last(), 'pi-1');
    expect(drafted()).toEqual(['pi-1']);
  });
});
