// The words of "Why can't I reach it?".
import type { TestKind } from '../../api/types';

export const diagnosis = {
  ask: 'Why can’t I reach it?',
  title: 'The way to {hostname}',
  looking: 'Looking at every hop …',
  again: 'Look again',
  fine: '{hostname} can be reached, and nothing on the way is wrong.',
  open: 'Nothing broken was found, but not everything could be looked at.',
  tests: {
    exposed: 'The service',
    network: 'Your network',
    record: 'The DNS record',
    resolvers: 'This computer’s resolver',
    interference: 'Wildcards and ECH',
    tunnel: 'The tunnel',
    route: 'The tunnel’s rule',
    access: 'The login in front',
    worker: 'The machine',
    controller: 'The ingress controller',
    ingress: 'The rule in the cluster',
    clock: 'The clocks',
    certificate: 'The certificate',
    pods: 'The pods',
    answer: 'The answer',
  } satisfies Record<TestKind, string>,
};
