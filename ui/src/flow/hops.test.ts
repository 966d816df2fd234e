import { expect, it } from 'vitest';
import { graph, machineAway } from '../../tests/fixture/graph';
import { banner } from './banner';
import { detailOf, rateOf, timed, written } from './hops';

const flow = graph(0);

it('tells a path from left to right with the time to each hop', () => {
  const path = flow.paths.find((other) => other.service === 'wiki');
  if (!path) throw new Error('the fixture has no wiki');
  expect(timed(flow, path).map(({ hop, latency }) => `${hop.label} ${latency}`.trim())).toEqual([
    'Your LAN',
    'wiki.example.test',
    'pi-2',
    'pi-3',
    'nuc-1 —',
    'ingress-nginx 3 ms',
    'wiki-tls',
    'wiki',
    'wiki',
    'nuc-1 —',
  ]);
});

it('tells what comes into each hop, where it is counted', () => {
  const path = flow.paths.find((other) => other.service === 'photos');
  if (!path) throw new Error('the fixture has no photos');
  const rates = timed(flow, path).map(({ hop, rate }) => [hop.id, rate]);
  expect(Object.fromEntries(rates)).toMatchObject({
    'name/photos': '',
    cloudflared: '4.2/s',
    ingress: '4.2/s',
    'pods/apps/photos': '4.2/s',
  });
});

it('says in words what the backend gives as numbers', () => {
  const of = (id: string) => flow.hops.find((hop) => hop.id === id);
  const [pods, certificate, machine] = ['pods/apps/echo', 'certificate/apps/echo-tls', 'node/pi-2'].map(of);
  expect(pods && detailOf(pods)).toBe('1 of 1 ready');
  expect(certificate && detailOf(certificate)).toMatch(/^until .*2026/);
  expect(machine && detailOf(machine)).toBe('192.168.1.82');
  expect(pods && written(pods)).toMatchObject({ label: '1/1', detail: '' });
});

it.each([
  [0, '0/s'],
  [0.345, '0.34/s'],
  [4.25, '4.3/s'],
  [1234.6, '1,235/s'],
])('%s per second is written %s', (perSecond, words) => expect(rateOf(perSecond)).toBe(words));

it('names the first hop that is down, and who is cut off by it', () => {
  const found = banner(flow);
  expect(found?.hop.id).toBe('pods/apps/wiki');
  expect(found?.affected).toEqual(['wiki']);
  const down = flow.hops.map((hop) => (hop.id === 'ingress' ? { ...hop, health: 'down' as const } : hop));
  const paths = flow.paths.map((path) => ({ ...path, health: 'down' as const }));
  const worse = banner({ ...flow, hops: down, paths });
  expect(worse?.hop.id).toBe('ingress');
  expect(worse?.affected).toHaveLength(7);
});

it('names the machine and not the service that is down because of it', () => {
  expect(banner(machineAway(flow))?.hop.id).toBe('node/nuc-1');
  expect(banner(machineAway(flow))?.affected).toEqual(['wiki']);
});

it('has nothing to say when nothing is down; unknown is no outage', () => {
  const hops = flow.hops.map((hop) => ({ ...hop, health: 'unknown' as const }));
  expect(banner({ ...flow, hops })).toBeNull();
});

it('writes a host name in two lines, and everything else as it is', () => {
  const [name, wayIn] = ['name/echo', 'way-in/pi-2'].map((id) => flow.hops.find((hop) => hop.id === id));
  expect(name && written(name)).toMatchObject({ label: 'echo', detail: '3 × A · example.test' });
  expect(wayIn && written(wayIn)).toMatchObject({ label: 'pi-2', detail: '192.168.1.82' });
});
