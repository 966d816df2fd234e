// The sentences for what the backend sends as codes besides problems: titles of steps and runs, findings
// of the check, reasons of fitness and of health. A code without a sentence is shown as its own words.

export const titles: Record<string, string> = {
  'build-cluster': 'Build the cluster {name}',
  'expose-service': 'Open {service} as {hostname}',
  'cgroup-fix': 'Switch the memory cgroup on',
  reboot: 'Restart',
  'copy-k3s': 'Copy K3s',
  'copy-images': 'Copy images',
  'copy-installer': 'Copy installer',
  configure: 'Configure',
  install: 'Install',
  join: 'Join',
  'api-ready': 'Cluster answers',
  'node-ready': 'Ready',
  label: 'Label',
  taint: 'Keep work off the server',
  kubeconfig: 'Fetch access file',
  'ingress-nginx': 'Install ingress-nginx',
  workload: 'Start {service}',
  ingress: 'Route {hostname} to {service}',
  'dns-record': 'DNS: {hostname} → {addresses}',
  verify: 'Ask {hostname} over the LAN',
};

export const findings: Record<string, { what: string; fix: string }> = {
  'cgroup-memory-off': {
    what: 'The memory cgroup is off, and K3s needs it.',
    fix: 'One line is added to cmdline.txt, then the machine restarts once.',
  },
  'clock-skew': { what: 'The clock is off by {seconds} s.', fix: 'Switch time synchronisation on.' },
  'hostname-duplicate': {
    what: 'Another machine is also called {hostname}.',
    fix: 'It gets its own node name in the cluster.',
  },
  'hostname-unusable': {
    what: 'The name {hostname} cannot be used in a cluster.',
    fix: 'Give it another name below.',
  },
  'machine-id-duplicate': {
    what: 'This disk looks like a copy of {machine}: both have the same machine id.',
    fix: 'Run systemd-machine-id-setup on one of them and restart it.',
  },
  'memory-low': {
    what: 'Only {memory} of memory.',
    fix: 'Use it as a worker with little work, or leave it out.',
  },
  'disk-low': { what: 'Only {disk} of disk space is free.', fix: 'Free some space first.' },
  'port-in-use': { what: 'Port {port} is used by {process}.', fix: 'Stop that program first.' },
  'firewall-active': {
    what: 'A firewall is on ({firewall}).',
    fix: 'Open the ports that K3s needs: {ports}.',
  },
  'several-interfaces': {
    what: 'It has several network cards.',
    fix: 'Portico uses {interface}, which reaches the others.',
  },
  'arch-unsupported': { what: 'K3s does not run on {arch}.', fix: 'Leave it out.' },
  'os-unsupported': { what: '{os} is not supported.', fix: 'Use a Linux with systemd.' },
  'cgroup-v1': {
    what: 'It uses the old cgroup v1, which this Kubernetes refuses.',
    fix: 'Update its system.',
  },
  'foreign-k3s': {
    what: 'K3s is already installed there, not by Portico.',
    fix: 'Leave it out, or uninstall that K3s first.',
  },
  'swap-on': { what: 'Swap is on.', fix: 'Nothing to do; heavy use of it slows the cluster down.' },
  'selinux-enforcing': { what: 'SELinux is enforcing.', fix: 'Install the package k3s-selinux first.' },
};

export const reasons: Record<string, string> = {
  'ssh-open': 'SSH answers',
  'ssh-closed': 'No SSH: Portico cannot set it up',
  'not-linux': 'Does not look like Linux',
  'no-login': 'Connect to know more',
  connected: 'Connected and checked',
  'kubernetes-found': 'Runs a Kubernetes already',
  'windows-ssh': 'SSH of Windows answers',
  'router-likely': 'Looks like a router',
  'this-computer': 'This is the computer you sit at',
  'memory-low': 'Only {memory} of memory',
};

export const health: Record<string, string> = {
  'node-not-ready': '{machine} is not ready.',
  'no-endpoints': 'No pod of {service} is ready.',
  'record-missing': 'There is no DNS record for {hostname}.',
  'probe-failed': 'The last request failed: {status}.',
  'not-observed': 'Not seen yet.',
  'seen-too-long-ago': 'Seen too long ago to say.',
  'service-down': '{service} is down.',
};

export const warnings: Record<string, string> = {
  'ingress-nginx-retired':
    'ingress-nginx was retired by its makers in March 2026. It works and is pinned; a successor can take its place later.',
  reboots: '{machines} will restart once.',
  'single-server': 'With one server the cluster stops when that machine stops.',
};
