// "Why can’t I reach it?", in German.
import type { diagnosis as english } from '../en/diagnosis';
import type { Widened } from '../widened';

export const diagnosis: Widened<typeof english> = {
  ask: 'Warum komme ich nicht hin?',
  title: 'Der Weg zu {hostname}',
  looking: 'Jede Station wird angesehen …',
  again: 'Noch einmal ansehen',
  fine: '{hostname} ist erreichbar, und auf dem Weg ist nichts falsch.',
  open: 'Es wurde nichts Kaputtes gefunden, aber nicht alles konnte angesehen werden.',
  tests: {
    exposed: 'Der Dienst',
    network: 'Dein Netz',
    record: 'Der DNS-Eintrag',
    resolvers: 'Der Resolver dieses Computers',
    interference: 'Wildcards und ECH',
    tunnel: 'Der Tunnel',
    route: 'Die Regel des Tunnels',
    access: 'Die Anmeldung davor',
    worker: 'Der Rechner',
    controller: 'Der Ingress-Controller',
    ingress: 'Die Regel im Cluster',
    clock: 'Die Uhren',
    certificate: 'Das Zertifikat',
    pods: 'Die Pods',
    answer: 'Die Antwort',
  },
};
