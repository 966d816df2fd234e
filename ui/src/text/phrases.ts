// The words for what the backend sends as codes besides problems: stages of a plan, findings of the check,
// and what speaks for or against a machine. Each is complete: a code without words does not compile.
import type { CheckCode, InterfaceKind, LeftOut, Reason, Stage } from '../api/types';

export const stages = {
  'enable-memory-cgroup': 'Memory cgroup, restart',
  'copy-k3s': 'Copy K3s',
  configure: 'Configure',
  'install-server': 'Install server',
  'join-server': 'Join as server',
  'join-agent': 'Join',
  'fetch-kubeconfig': 'Fetch access file',
  'node-ready': 'Ready',
  'label-ingress-nodes': 'Carry services',
  'taint-servers': 'Keep work off the server',
  'install-component': 'Install ingress-nginx',
  'deploy-workload': 'Start the service',
  'route-hostname': 'Route the name',
  'write-records': 'Write DNS records',
  'try-path': 'Ask it over the LAN',
} satisfies Record<Stage, string>;

/** What a kind of object is called, for the steps that apply one each. */
export const objects: Record<string, string> = {
  namespace: 'Make the namespace',
  deployment: 'Start the service',
  service: 'Give it an address inside',
};

export const findings = {
  'fact-unknown': { what: 'Its {fact} could not be read.', fix: 'This check stays open.' },
  'arch-unsupported': { what: 'K3s does not run on {arch}.', fix: 'Leave this machine out.' },
  'os-unproven': { what: '{os} has not been tried with K3s by its makers.', fix: 'It will likely work.' },
  'no-systemd': { what: 'It has no systemd.', fix: 'Portico needs a Linux with systemd.' },
  'memory-low': {
    what: 'It has {found} MiB of memory; a {role} needs {needed} MiB.',
    fix: 'Give it another role, or leave it out.',
  },
  'cpus-few': { what: 'It has {found} processor cores; a {role} needs {needed}.', fix: 'It will be slow.' },
  'disk-low': {
    what: '{found} MiB of disk space are free; {needed} MiB are needed.',
    fix: 'Free some space first.',
  },
  'swap-on': { what: 'Swap is on ({size} MiB).', fix: 'It works; heavy use of it slows the cluster down.' },
  'cgroup-memory-off': {
    what: 'The memory cgroup is off, and K3s needs it.',
    fix: 'The build switches it on and restarts the machine once.',
  },
  'cgroup-v1': {
    what: 'It uses the old cgroup v1, which Kubernetes {version} refuses.',
    fix: 'Update its system.',
  },
  'selinux-policy-missing': {
    what: 'SELinux is enforcing, and the policy for K3s is missing.',
    fix: 'Install the package k3s-selinux first.',
  },
  'iptables-buggy': {
    what: 'Its iptables {version} has a bug that stalls clusters.',
    fix: 'Update iptables, or switch to its legacy mode.',
  },
  'clock-skew': { what: 'Its clock is off by {seconds} s.', fix: 'Switch time synchronisation on there.' },
  'own-clock-skew': {
    what: 'The clock of this computer is off by {seconds} s.',
    fix: 'Set it right; the machines agree with one another.',
  },
  'clock-not-synchronised': {
    what: 'Its clock is not synchronised.',
    fix: 'Switch time synchronisation on there.',
  },
  'hostname-duplicate': {
    what: 'It is called {hostname}, and so is {others}.',
    fix: 'It gets its own name in the cluster.',
  },
  'hostname-unusable': {
    what: 'The name {hostname} cannot be used in a cluster.',
    fix: 'It gets another name in the cluster.',
  },
  'machine-id-duplicate': {
    what: 'Its disk looks like a copy of {others}: both have the same machine id.',
    fix: 'Make a new id on one of them and restart it.',
  },
  'interface-chosen': {
    what: 'It has several network cards.',
    fix: 'The cluster uses {interface} ({address}), which reaches the others.',
  },
  'interface-unclear': {
    what: 'It has several network cards, and it is not clear which reaches the others.',
    fix: 'Choose one of: {candidates}.',
  },
  'interface-missing': { what: 'It has no network card {wanted}.', fix: 'Choose another.' },
  'no-address': { what: 'It has no address that the others can reach.', fix: 'Check its network.' },
  'no-default-route': { what: 'It has no default route.', fix: 'K3s needs one, even without internet.' },
  'lan-overlap': {
    what: 'Its network {network} overlaps the range {range} inside the cluster.',
    fix: 'Set {option} in the cluster document to a range that nothing uses.',
  },
  'port-in-use': { what: 'Port {port} is used by {process}.', fix: 'Stop that program first.' },
  'firewall-rules': {
    what: 'Its firewall {firewall} is on and closes what K3s needs: {missing}.',
    fix: 'Open it there.',
  },
  'foreign-k3s': {
    what: 'K3s {version} is installed there already, not by Portico.',
    fix: 'Leave it out, or uninstall that K3s first.',
  },
  'role-differs': {
    what: 'It runs K3s as {found}, and should be {wanted}.',
    fix: 'Give it the role that it has.',
  },
  'leftover-data': {
    what: 'Data of an earlier cluster is left there: {paths}.',
    fix: 'Remove it first if you do not need it.',
  },
  'leftover-files': { what: 'Files of an earlier K3s are left there: {paths}.', fix: 'They do no harm.' },
} satisfies Record<CheckCode, { what: string; fix: string }>;

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
