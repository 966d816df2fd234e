// What happened and what to do next, for every code the backend knows. `{name}` is an argument.
import type { Code } from '../api/types';

export interface Sentence {
  what: string;
  next: string;
}

export const problems = {
  'document-malformed': {
    what: 'The cluster document cannot be read.',
    next: 'Check its YAML near the place named in the details.',
  },
  'document-unknown-field': {
    what: 'The cluster document has a field that Portico does not know: {field}.',
    next: 'Remove it or correct its spelling.',
  },
  'document-version': {
    what: 'The cluster document has version {version}, which this Portico does not read.',
    next: 'Update Portico, or write version 1.',
  },
  'field-invalid': { what: '{field} is not valid.', next: 'Correct it and try again.' },
  'subnet-invalid': { what: '{subnet} is not a network.', next: 'Write it like 192.168.1.0/24.' },
  'subnet-empty': { what: '{subnet} holds no addresses to ask.', next: 'Choose a larger network.' },
  'subnet-overlap': { what: '{subnet} overlaps {other}.', next: 'Leave one of them out.' },
  'subnet-too-large': {
    what: '{subnet} has {addresses} addresses.',
    next: 'Choose a smaller one, or allow large networks and wait longer.',
  },
  'no-subnet': { what: 'No network was found to scan.', next: 'Connect to your network, or type one.' },
  'host-unresolved': {
    what: 'The name {host} leads nowhere.',
    next: 'Check its spelling, or use the IP address.',
  },
  'host-unreachable': {
    what: '{address} cannot be reached.',
    next: 'Check that the machine is on and in this network.',
  },
  'connection-refused': {
    what: '{address} refuses connections on port {port}.',
    next: 'Check that SSH runs there and that the port is right.',
  },
  'connection-timed-out': {
    what: '{address} did not answer in time.',
    next: 'Check that it is on and that no firewall is in the way.',
  },
  'connection-lost': {
    what: 'The connection to {address} broke.',
    next: 'Check the machine and its cable, then continue.',
  },
  'not-ssh': { what: 'Something other than SSH answers on port {port}.', next: 'Check the port.' },
  'host-key-unknown': {
    what: 'This machine has not been seen before.',
    next: 'Compare its fingerprint, then trust it.',
  },
  'host-key-changed': {
    what: 'The machine shows another key than last time.',
    next: 'Find out why before going on.',
  },
  'authentication-failed': {
    what: 'The machine does not let {user} in.',
    next: 'Check the user name and how you sign in.',
  },
  'password-wrong': { what: 'The password is wrong.', next: 'Type it again.' },
  'key-file-missing': { what: 'There is no key file at {path}.', next: 'Check the path.' },
  'key-file-unreadable': {
    what: 'The key file {path} cannot be read.',
    next: 'Check its permissions and that it is a private key.',
  },
  'key-kind-unsupported': {
    what: 'Keys of the kind {kind} are not supported.',
    next: 'Use an Ed25519 or RSA key.',
  },
  'passphrase-needed': { what: 'The key is protected by a passphrase.', next: 'Type the passphrase.' },
  'passphrase-wrong': { what: 'The passphrase is wrong.', next: 'Type it again.' },
  'agent-unavailable': {
    what: 'No SSH agent is running.',
    next: 'Start one with your key, or use a key file.',
  },
  'sudo-refused': {
    what: '{user} may not use sudo on this machine.',
    next: 'Allow it there, or connect as another user.',
  },
  'sudo-password-needed': { what: 'sudo asks for a password.', next: 'Type the password of {user}.' },
  'sudo-password-wrong': { what: 'The sudo password is wrong.', next: 'Type it again.' },
  'keyring-unavailable': {
    what: 'This computer has no keyring to remember secrets in.',
    next: 'Go on without remembering.',
  },
  'keyring-locked': { what: 'The keyring is locked.', next: 'Unlock it and try again.' },
  'secret-missing': {
    what: 'A secret that is needed is not stored: {name}.',
    next: 'Connect again and type it.',
  },
  'script-failed': {
    what: 'A step on {machine} failed.',
    next: 'Read its log, correct the cause and continue.',
  },
  'machine-unfit': {
    what: '{machine} cannot be part of the cluster as it is.',
    next: 'See its findings, or leave it out.',
  },
  'no-space-left': { what: '{machine} has no space left.', next: 'Free some disk space and continue.' },
  'checksum-mismatch': {
    what: 'A file did not arrive as it was sent: {file}.',
    next: 'Continue to send it again; if it repeats, check the mirror.',
  },
  'download-failed': {
    what: '{url} could not be downloaded.',
    next: 'Check the internet connection and continue.',
  },
  'version-unknown': { what: 'There is no K3s {version}.', next: 'Choose a version that exists.' },
  'service-did-not-start': {
    what: 'K3s did not start on {machine}.',
    next: 'The last lines of its log are below.',
  },
  'port-in-use': {
    what: 'Port {port} on {machine} is used by {process}.',
    next: 'Stop that program and continue.',
  },
  'token-rejected': {
    what: 'The cluster did not accept the join token of {machine}.',
    next: 'Remove what is left of an earlier cluster there and continue.',
  },
  'clock-skewed': {
    what: 'The clock of {machine} is off by {seconds} s.',
    next: 'Switch time synchronisation on and continue.',
  },
  'reboot-timed-out': {
    what: '{machine} did not come back after its restart.',
    next: 'Look at its screen or power, then continue.',
  },
  'foreign-k3s': {
    what: '{machine} already runs a K3s that Portico did not install.',
    next: 'Leave it out, or uninstall that K3s first.',
  },
  'node-not-ready': {
    what: '{machine} joined but did not become ready.',
    next: 'Read its log and continue.',
  },
  'two-servers': {
    what: 'Two servers are less safe than one: if either stops, the cluster stops.',
    next: 'Choose one server or three.',
  },
  'no-server': { what: 'No machine is a server.', next: 'Give one machine the role of server.' },
  'duplicate-name': { what: 'Two machines are called {name}.', next: 'Give each its own name.' },
  'kube-unreachable': { what: 'The cluster does not answer.', next: 'Check that its server is on.' },
  'kube-refused': { what: 'The cluster refused a change.', next: 'The reason is in the details.' },
  'kube-conflict': { what: 'Something else changed {object} at the same time.', next: 'Preview again.' },
  'chart-failed': {
    what: 'The component {chart} could not be installed.',
    next: 'Read its log and continue.',
  },
  'workload-not-ready': { what: '{workload} did not start.', next: 'Read its log and continue.' },
  'cloudflare-unreachable': {
    what: 'Cloudflare does not answer.',
    next: 'Check the internet connection and continue.',
  },
  'cloudflare-token': {
    what: 'Cloudflare does not accept the token.',
    next: 'Make a new one with Zone Read and DNS Edit.',
  },
  'cloudflare-scope': {
    what: 'The Cloudflare token lacks the permission {scope}.',
    next: 'Add it to the token in the Cloudflare dashboard.',
  },
  'cloudflare-rate-limit': { what: 'Cloudflare asks to wait {seconds} s.', next: 'Continue after that.' },
  'cloudflare-refused': { what: 'Cloudflare refused a change.', next: 'The reason is in the details.' },
  'zone-missing': {
    what: 'The zone {zone} is not in the Cloudflare account.',
    next: 'Choose another zone, or add it there.',
  },
  'hostname-invalid': {
    what: '{hostname} is not a valid name.',
    next: 'Use letters, digits and hyphens, such as echo.',
  },
  'record-conflict': {
    what: '{hostname} already has another DNS record.',
    next: 'Choose another name, or remove that record.',
  },
  'foreign-object': {
    what: '{object} was not made by Portico and stays as it is.',
    next: 'Choose another name.',
  },
  'resolve-failed': {
    what: '{hostname} cannot be looked up.',
    next: 'Check the DNS server of this network.',
  },
  'probe-failed': {
    what: '{url} does not answer as expected.',
    next: 'The flow page shows which hop fails.',
  },
  'plan-stale': { what: 'Something changed since this preview.', next: 'Preview again.' },
  'cluster-busy': { what: 'Another run is changing the cluster.', next: 'Wait for it to end, or stop it.' },
  'run-missing': { what: 'This run is not known.', next: 'Go back to the list of runs.' },
  'run-not-resumable': { what: 'This run cannot be continued.', next: 'Preview the change again.' },
  'step-timed-out': { what: 'A step took too long.', next: 'Read its log and continue.' },
  cancelled: { what: 'Stopped because you asked for it.', next: 'Continue when you are ready.' },
  'store-failed': { what: 'Portico cannot write its own data.', next: 'Check that the disk has space.' },
  internal: {
    what: 'Something went wrong inside Portico.',
    next: 'Try again; the details help to report it.',
  },
} satisfies Record<Code, Sentence>;
