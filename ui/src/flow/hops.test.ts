import { expect, it } from 'vitest';
import { graph } from '../../tests/fixture/graph';
import { hops } from './hops';

it('tells a path from left to right with the time to each hop', () => {
  const flow = graph(0);
  const path = flow.paths.find((other) => other.service === 'svc:wiki');
  if (!path) throw new Error('the fixture has no wiki');
  expect(hops(flow, path).map(({ node, latency }) => `${node.label} ${latency}`.trim())).toEqual([
    'Your LAN',
    'LAN names 4 ms',
    'pi-2 1 ms',
    'pi-3 1 ms',
    'nuc-1 1 ms',
    'ingress-nginx 2 ms',
    'wiki —',
    'nuc-1 —',
  ]);
});
