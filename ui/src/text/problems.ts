// What happened and what to do next, for every code. The sentences are the backend's; here are those whose
// next step is a command for the CLI there, and a button or a page here. `{name}` is an argument.
import { english } from '../api/generated/english';
import type { Code } from '../api/types';

export interface Sentence {
  what: string;
  next: string;
}

const inTheWindow = {
  'subnet-too-large': {
    what: '{subnet} has {addresses} addresses; asking them all takes minutes.',
    next: 'Choose a smaller network, or allow large ones under Networks.',
  },
  'no-subnet': {
    what: 'This computer is on no network that could be scanned.',
    next: 'Connect to your network, or type one under Networks.',
  },
  'no-cluster': { what: 'There is no cluster yet.', next: 'Build one on the page Cluster.' },
  'kube-unreachable': {
    what: "The cluster's API does not answer.",
    next: 'Is the server machine on? The page Flow shows what can be seen.',
  },
  'service-missing': {
    what: 'There is no service {service} with port {port} in {namespace}.',
    next: 'Choose one from the list.',
  },
  'probe-failed': {
    what: '{url} did not answer as expected: {reason}',
    next: 'The page Flow shows which hop is broken.',
  },
  'cluster-busy': {
    what: 'Another run is at work on this cluster.',
    next: 'Wait for it, or stop it on the page Runs.',
  },
  'run-missing': { what: 'There is no run {run}.', next: 'The page Runs lists them all.' },
  cancelled: { what: 'Stopped on request.', next: 'Continue when you are ready.' },
  'another-cluster': {
    what: 'Portico looks after the cluster {present}; this one is called {asked}.',
    next: 'Name it {present}.',
  },
} satisfies Partial<Record<Code, Sentence>>;

export const problems: Record<Code, Sentence> = { ...english, ...inTheWindow } satisfies Record<
  Code,
  Sentence
>;
