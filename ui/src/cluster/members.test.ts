import { expect, it } from 'vitest';
import type { FlowGraph, Run } from '../api/types';
import { membersOf } from './members';

const graph = {
  hops: [
    { id: 'service/echo', column: 'service', label: 'echo', detail: 'apps', health: 'up' },
    { id: 'node/pi-10', column: 'runs-on', label: 'pi-10', detail: '192.168.1.90', health: 'down' },
    { id: 'node/by-hand', column: 'runs-on', label: 'by-hand', detail: '192.168.1.91', health: 'up' },
  ],
} as unknown as FlowGraph;
const build = (state: Run['state'], startedAt: number, ...machines: string[]) =>
  ({
    state,
    startedAt,
    change: {
      kind: 'buildCluster',
      document: { machines: machines.map((name) => ({ name, address: name, role: 'agent' })) },
    },
  }) as unknown as Run;

it('knows the machines of the last build that was done, and those that the flow shows', () => {
  const runs = [build('done', 1, 'old'), build('failed', 3, 'new'), build('done', 2, 'pi-2', 'pi-10')];
  expect(membersOf(runs, graph)).toEqual([
    { name: 'by-hand', address: '192.168.1.91', role: null, health: 'up' },
    { name: 'pi-2', address: 'pi-2', role: 'agent', health: null },
    { name: 'pi-10', address: 'pi-10', role: 'agent', health: 'down' },
  ]);
  expect(membersOf([], null)).toEqual([]);
});
