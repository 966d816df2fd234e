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
  'cloudflare-scope': {
    what: 'The Cloudflare token lacks the permission {permission} {place}.',
    next: "Add it in Cloudflare's dashboard, or give another token on the page Stack.",
  },
  'record-conflict': {
    what: '{hostname} has a record of yours already: {type} {content}',
    next: 'It was left as it is. Choose another name, or let Portico take this one over.',
  },
  'route-conflict': {
    what: 'The tunnel leads {hostname} to {service} already.',
    next: 'It was left as it is. Choose another name, or let Portico take this one over.',
  },
  'foreign-object': {
    what: '{object} is there already and was not made by Portico.',
    next: 'It was left as it is. Rename or remove it first, or let Portico take it over.',
  },
  'access-conflict': {
    what: 'The Access application "{app}" stands in front of {hostname} already.',
    next: 'It was left as it is. Remove it in Zero Trust, or leave the e-mail addresses out.',
  },
  'tunnel-missing': {
    what: 'There is no tunnel called {tunnel|that}.',
    next: 'Set one up on the page Stack.',
  },
  'no-tunnel': {
    what: 'There is no tunnel that the internet could come through.',
    next: 'Set one up first, on the page Stack.',
  },
  'hand-edited': {
    what: '{object} was changed by hand: {fields}',
    next: 'It was left as it is. Repair the component to undo that; or keep the change.',
  },
  'record-missing': {
    what: '{hostname} has no record at its own name servers.',
    next: 'Write the records anew.',
  },
  'wildcard-record': {
    what: 'The wildcard {name} answers for {hosts|every name without a record of its own}.',
    next: 'Names on the LAN break in browsers behind it (Encrypted Client Hello).',
  },
  'ingress-retired': {
    what: 'ingress-nginx has had no security fixes since March 2026; holes found since then have public exploits.',
    next: 'Traefik understands the same settings and is looked after.',
  },
  'ingress-not-accepted': {
    what: '{hostname} would be open to the internet through ingress-nginx, which gets no security fixes any more.',
    next: 'Move to Traefik first, or say that you know.',
  },
  'traefik-too-old': {
    what: 'This Traefik is {version|of an unknown version}; holes in its provider for nginx annotations are closed from {needed} on.',
    next: 'Upgrade K3s, or say below which version you accept.',
  },
  'traefik-not-bundled': {
    what: 'K3s {k3s} brings a Traefik older than {needed}.',
    next: 'Use K3s {since} or newer, or say below which version you accept.',
  },
  'component-missing': {
    what: '{component} is not installed here.',
    next: 'The page Stack shows what is.',
  },
  'exposure-missing': { what: 'No service is called {service}.', next: 'The page Services lists them.' },
  'certificate-failed': {
    what: 'The certificate {certificate} does not come: {link} failed ({reason}).',
    next: "The details have the authority's own words. If the token is wrong, replace the cluster's on the page Stack.",
  },
  'token-too-wide': {
    what: 'This token can do more than the cluster needs ({permission}).',
    next: 'Make a second one with Zone Read and DNS Edit only; the link opens the form.',
  },
  'sealing-failed': {
    what: "The cluster's token could not be sealed.",
    next: 'Is sealed-secrets healthy? The page Stack shows it; then continue.',
  },
  'keys-newer': {
    what: 'The sealed-secrets keys {keys} are in no backup.',
    next: 'Without them, what is sealed cannot be opened again.',
  },
  'keys-unreadable': {
    what: 'The cluster has no sealed-secrets keys.',
    next: 'Install sealed-secrets first, on the page Stack.',
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
