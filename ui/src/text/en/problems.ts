// What happened and what to do next, for every code. The sentences are the backend's; here are the
// halves that differ: a next step that is a command for the CLI there is a button or a page here. `{name}` is an argument.
import { english } from '../../api/generated/english';
import type { Code } from '../../api/types';

export interface Sentence {
  what: string;
  next: string;
}

const here: Partial<Record<Code, Partial<Sentence>>> = {
  'subnet-too-large': {
    what: '{subnet} has {addresses} addresses; asking them all takes minutes.',
    next: 'Choose a smaller network, or allow large ones under Networks.',
  },
  'no-subnet': { next: 'Connect to your network, or type one under Networks.' },
  'no-cluster': { next: 'Build one on the page Cluster.' },
  'kube-unreachable': { next: 'Is the server machine on? The page Flow shows what can be seen.' },
  'service-missing': { next: 'Choose one from the list.' },
  'cloudflare-scope': { next: "Add it in Cloudflare's dashboard, or give another token on the page Stack." },
  'record-conflict': {
    what: '{hostname} has a record of yours already: {type} {content}',
    next: 'It was left as it is. Choose another name, or let Portico take this one over.',
  },
  'route-conflict': { next: 'It was left as it is. Choose another name, or let Portico take this one over.' },
  'foreign-object': { next: 'It was left as it is. Rename or remove it first, or let Portico take it over.' },
  'access-conflict': {
    next: 'It was left as it is. Remove it in Zero Trust, or leave the e-mail addresses out.',
  },
  'tunnel-missing': { next: 'Set one up on the page Stack.' },
  'no-tunnel': { next: 'Set one up first, on the page Stack.' },
  'name-not-at-home': { next: 'Tell your router, once for all names: on the page Stack, At home.' },
  'hand-edited': { next: 'It was left as it is. Repair the component to undo that; or keep the change.' },
  'record-missing': { next: 'Write the records anew.' },
  'wildcard-record': { next: 'Names on the LAN break in browsers behind it (Encrypted Client Hello).' },
  'ingress-retired': { next: 'Traefik understands the same settings and is looked after.' },
  'ingress-not-accepted': { next: 'Move to Traefik first, or say that you know.' },
  'traefik-too-old': { next: 'Upgrade K3s, or say below which version you accept.' },
  'traefik-not-bundled': { next: 'Use K3s {since} or newer, or say below which version you accept.' },
  'component-missing': { next: 'The page Stack shows what is.' },
  'exposure-missing': { next: 'The page Services lists them.' },
  'certificate-failed': {
    next: "The details have the authority's own words. If the token is wrong, replace the cluster's on the page Stack.",
  },
  'token-ends': { next: 'Make a new one in time, and replace it on the page Stack.' },
  'token-too-wide': { next: 'Make a second one with Zone Read and DNS Edit only; the link opens the form.' },
  'sealing-failed': { next: 'Is sealed-secrets healthy? The page Stack shows it; then continue.' },
  'keys-newer': { next: 'Without them, what is sealed cannot be opened again.' },
  'keys-unreadable': { next: 'Install sealed-secrets first, on the page Stack.' },
  'probe-failed': { next: 'The page Flow shows which hop is broken.' },
  'cluster-busy': {
    what: 'Another run is at work on this cluster.',
    next: 'Wait for it, or stop it on the page Runs.',
  },
  'run-missing': { next: 'The page Runs lists them all.' },
  cancelled: { next: 'Continue when you are ready.' },
  'name-not-exposed': { next: 'Is it spelt as you meant? Else add a service under it on the page Services.' },
  'ingress-missing': { next: 'Somebody removed it. Edit the service and save it again: that puts it back.' },
  'ingress-class-differs': {
    next: 'Somebody changed it. Edit the service and save it again: that puts it right.',
  },
  'certificate-expired': { next: 'cert-manager did not renew it: the page Stack shows how it is.' },
  'certificate-expiring': {
    next: 'cert-manager should have renewed it long ago: the page Stack shows how it is.',
  },
  'route-missing': { next: 'Somebody removed it. Edit the service and save it again: that puts it back.' },
  'access-missing': { next: 'Edit the service and save it again: that puts it back.' },
  'channel-missing': { next: 'Settings shows those there are.' },
  'practice-missing': { next: 'The set-up offers one on its first page.' },
  'another-cluster': {
    what: 'Portico looks after the cluster {present}; this one is called {asked}.',
    next: 'Name it {present}.',
  },
};

export const problems = Object.fromEntries(
  Object.entries(english).map(([code, sentence]) => [code, { ...sentence, ...here[code as Code] }]),
) as Record<Code, Sentence>;
