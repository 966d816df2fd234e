// The words for what the backend sends as codes besides problems: stages of a plan, findings of the check,
// and what speaks for or against a machine. Each is complete: a code without words does not compile.
import { checks, lines } from '../../api/generated/english';
import type { CheckCode, InterfaceKind, LeftOut, Reason, Stage } from '../../api/types';

export { lines };

export const stages = {
  'enable-memory-cgroup': 'Memory cgroup, restart',
  'copy-k3s': 'Copy K3s',
  configure: 'Configure',
  'install-server': 'Install server',
  'join-server': 'Join as server',
  'join-agent': 'Join',
  'restart-server': 'Restart server',
  'fetch-kubeconfig': 'Fetch access file',
  'node-ready': 'Ready',
  'label-ingress-nodes': 'Carry services',
  'taint-servers': 'Keep work off the server',
  'install-component': 'Install',
  'seal-token': "Seal the cluster's token",
  'make-issuer': 'Make the certificate issuer',
  'make-tunnel': 'Make the tunnel',
  'deploy-workload': 'Start the service',
  'route-hostname': 'Route the name',
  'issue-certificate': 'Get the certificate',
  'route-tunnel': 'Route in the tunnel',
  'protect-hostname': 'Login in front',
  'write-records': 'Write DNS records',
  'try-path': 'Ask it as a visitor',
  'remove-component': 'Remove',
  'remove-service': 'Take the service away',
} satisfies Record<Stage, string>;

/** What a step is called by its whole id, or by the end of it, where the stage alone would not tell it from others. */
export const objects: Partial<Record<Stage, Record<string, string>>> = {
  'deploy-workload': {
    namespace: 'Make the namespace',
    deployment: 'Start the service',
    service: 'Give it an address inside',
    chart: 'Install the app',
  },
  'install-component': {
    'ingress-class': 'Make the ingress class',
    'ingress-nginx': 'Install ingress-nginx',
    'ingress-nginx/beside': 'Install ingress-nginx beside it',
    'ingress-nginx/yield': 'ingress-nginx gives the ports up',
    traefik: 'Wait for Traefik',
    'traefik/config': 'Configure Traefik',
    'traefik/serve': 'Traefik takes the ports',
    'traefik/yield': 'Traefik gives the ports up',
    'sealed-secrets': 'Install sealed-secrets',
    'cert-manager': 'Install cert-manager',
    cloudflared: 'Install cloudflared',
    'cloudflared/namespace': 'Make room for cloudflared',
    'cloudflared/token': 'Give cloudflared its key',
    gatus: 'Install the watcher Gatus',
    'gatus/namespace': 'Make room for the watcher',
    'gatus/volume': 'Keep room for what the watcher sees',
    'gatus/config': 'Tell the watcher what to watch',
    'gatus/service': 'Give the watcher an address inside',
  },
  'try-path': { rehearsal: 'Try every name through it' },
  'remove-component': {
    'ingress-nginx': 'Remove ingress-nginx',
    'traefik/config': 'Forget the settings of Traefik',
    'sealed-secrets': 'Remove sealed-secrets',
    'cert-manager': 'Remove cert-manager',
    'cluster-token': "Remove the cluster's token",
    tunnel: 'Delete the tunnel',
    'cloudflared/deployment': 'Remove cloudflared',
    'cloudflared/token': 'Remove the key of cloudflared',
    'gatus/deployment': 'Remove the watcher Gatus',
    'gatus/service': "Take the watcher's address away",
    'gatus/config': 'Forget what the watcher watched',
    'gatus/volume': 'Remove all that the watcher saw',
    issuer: 'Remove a certificate issuer',
  },
  'remove-service': {
    ingress: 'Forget the route',
    service: 'Take its address away',
    deployment: 'Stop the service',
    chart: 'Remove the app and its data',
  },
};

/** The backend's sentences of the check, but where they speak of the document as a file. */
export const findings = {
  ...checks,
  'cgroup-memory-off': {
    what: 'The memory cgroup is off, and K3s needs it.',
    next: 'The build switches it on and restarts the machine once.',
  },
  'interface-chosen': {
    what: 'It has several network cards.',
    next: 'The cluster uses {interface} ({address}), which reaches the others.',
  },
  'interface-unclear': {
    what: 'It has several network cards, and it is not clear which reaches the others.',
    next: 'Choose one:',
  },
  'interface-missing': { what: 'It has no network card {wanted}.', next: 'Choose another.' },
  'role-differs': {
    what: 'It runs as {found}, and should become {wanted}.',
    next: 'Give it the role that it has.',
  },
} satisfies Record<CheckCode, { what: string; next: string }>;

export const reasons = {
  'ssh-closed': 'SSH is off: port {port} is closed',
  'ssh-silent': 'SSH does not answer on port {port}',
  'ssh-not-seen': 'Nothing heard from SSH yet',
  'not-ssh': 'Port {port} speaks something other than SSH',
  'not-linux': 'Not Linux: {banner}',
  'small-ssh-server': 'A small SSH server, as devices have',
  'already-cluster': 'Kubernetes answers on port {port}',
  gateway: 'Your router: the way out goes through it',
  'network-device': 'A network device by {vendor}',
  'shared-host-key': 'Another network card shows the same key',
  'host-key-changed': 'Shows another key than before',
  'duplicate-address': '{address} is used twice',
  'proxy-arp': 'Answers for {addresses} addresses, as routers do',
  gone: 'Did not answer the latest scan',
} satisfies Record<Reason['code'], string>;

export const kinds = {
  physical: 'your network',
  virtual: 'virtual machines',
  vpn: 'VPN',
  container: 'containers',
  loopback: 'this computer alone',
} satisfies Record<InterfaceKind, string>;

export const leftOut = {
  virtual: 'virtual machines',
  vpn: 'VPN',
  container: 'containers',
  loopback: 'this computer alone',
  down: 'not connected',
  'no-subnet': 'no other addresses',
  'self-assigned': 'no router',
  'too-large': 'large',
} satisfies Record<LeftOut, string>;
