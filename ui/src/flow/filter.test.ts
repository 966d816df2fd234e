import { describe, expect, it } from 'vitest';
import { crowd } from '../../tests/fixture/crowd';
import { graph } from '../../tests/fixture/graph';
import { everything, found, isNarrow, namespaces, narrow, type Filter } from './filter';

const flow = graph(0);
const shown = (change: Partial<Filter>, of = flow) =>
  narrow(of, { ...everything, ...change }).paths.map((path) => path.service);

describe('narrow', () => {
  it('gives back the very graph when nothing is asked for', () => {
    expect(narrow(flow, everything)).toBe(flow);
    expect(narrow(flow, { ...everything, text: '  ' })).toBe(flow);
    expect(isNarrow({ ...everything, namespace: 'apps' })).toBe(true);
  });

  it.each<[string, Partial<Filter>, string[]]>([
    ['a service by part of its name', { text: 'GRAF' }, ['grafana']],
    ['a host name', { text: 'wiki.example' }, ['wiki']],
    ['what runs on a machine', { text: 'pi-3' }, ['grafana', 'argocd']],
    ['several words at once', { text: 'pi-3 graf' }, ['grafana']],
    ['no shared hop', { text: 'ingress-nginx' }, []],
    ['a health', { healths: ['down'] }, ['wiki']],
    ['several healths', { healths: ['down', 'unknown'] }, ['wiki', 'backup']],
    ['a reach', { reach: 'public' }, ['photos']],
    ['a namespace', { namespace: 'elsewhere' }, []],
    ['all of it together', { text: 'nuc-1', reach: 'lan', healths: ['unknown'] }, ['backup']],
  ])('finds %s', (_, change, want) => expect(shown(change)).toEqual(want));

  it('keeps the hops and edges of the paths that are left, and no others', () => {
    const left = narrow(flow, { ...everything, text: 'photos' });
    expect(left.hops.map((hop) => hop.id)).toEqual(
      flow.paths
        .find(({ service }) => service === 'photos')
        ?.hops.toSorted(
          (a, b) => left.hops.findIndex(({ id }) => id === a) - left.hops.findIndex(({ id }) => id === b),
        ),
    );
    expect(left.edges).toHaveLength(left.hops.length - 1);
  });

  it('parts a large graph by reach and by namespace, losing nothing', () => {
    const large = crowd(5, { services: 200, machines: 20, namespaces: 12 });
    const each = namespaces(large).flatMap((namespace) => shown({ namespace }, large));
    expect(each.toSorted()).toEqual(large.paths.map((path) => path.service).toSorted());
    expect([...shown({ reach: 'lan' }, large), ...shown({ reach: 'public' }, large)]).toHaveLength(200);
  });
});

it.each([
  ['wiki', 'service/wiki'],
  ['gra', 'service/grafana'],
  ['nuc-1', 'node/nuc-1'],
  ['', undefined],
])('the search for "%s" leads to %s', (text, want) => expect(found(flow, text)?.id).toBe(want));
