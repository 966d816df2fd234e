// Written by crates/api (typescript.rs); do not edit.
export type Acme = { 
/**
 * The authority writes there before a certificate ends.
 */
email: string, authority: Authority, };
export type AlertChannel = { 
/**
 * Empty for one that is not kept yet.
 */
id: string, name: string, on: boolean, 
/**
 * What is less bad is not told here.
 */
from: ConditionSeverity, way: AlertWay, };
export type AlertTiming = { quiet: QuietHours | null, 
/**
 * When all that stands is told once a day, in minutes after local midnight.
 */
digest: number | null, 
/**
 * Messages to one channel at the most; what is more waits and comes as one.
 */
perHour: number, };
export type AlertWay = { "kind": "email", host: string, port: number, encryption: MailEncryption, 
/**
 * Absent where the server asks for no login.
 */
user: string | null, sender: string, recipient: string, } | { "kind": "ntfy", 
/**
 * Base URL.
 */
server: string, topic: string, } | { "kind": "webhook", 
/**
 * Of the address, which is a secret itself.
 */
host: string, };
export type Alerts = { channels: Array<ChannelState>, timing: AlertTiming, };
export type ApiError = { code: Code, args: { [key in string]: string }, 
/**
 * The technical cause, without secrets.
 */
detail: string | null, };
export type App = "grafana" | "argocd";
export type ApplyRequest = { plan: string, };
export type AtHome = { 
/**
 * Every service's name is below it.
 */
domain: Hostname, 
/**
 * Where all the names should lead: the machines that run services.
 */
addresses: Array<string>, hostnames: Array<Hostname>, authority: HomeAuthority | null, };
export type Authority = { "kind": "staging" } | { "kind": "production" } | { "kind": "custom", directory: string, ca: string | null, };
export type AvailableService = { namespace: string, name: string, ports: Array<number>, };
export type Backend = { "kind": "echo", image: string, } | { "kind": "app", app: App, } | { "kind": "service", namespace: string, name: string, port: number, };
export type Capability = { permission: string, need: Need, 
/**
 * The zone that it is about; empty for an account's.
 */
place: string, granted: boolean, };
export type Cell = { from: number, until: number, up: number, degraded: number, down: number, 
/**
 * Nobody looked, or the looks said nothing.
 */
unknown: number, };
export type Change = { "kind": "buildCluster", document: ClusterDocument, } | { "kind": "setUpStack", stack: Stack, } | { "kind": "component", component: StackComponent, act: ComponentAct, } | { "kind": "moveIngress", to: IngressController, 
/**
 * A version of Traefik that is taken although it is older than it should be.
 */
accept: string | null, } | { "kind": "expose", exposure: Exposure, 
/**
 * What somebody else made under this name may be replaced.
 */
adopt: boolean, 
/**
 * The owner knows that ingress-nginx gets no fixes, and exposes through it all the same.
 */
acceptRetired: boolean, } | { "kind": "hide", exposure: Exposure, 
/**
 * Its app goes, too, with its data.
 */
uninstall: boolean, } | { "kind": "reconcile" };
export type ChannelRef = { channel: string, };
export type ChannelSecret = { 
/**
 * The channel's id, and what a person calls it.
 */
channel: string, name: string, kind: CredentialKind, kept: Kept, };
export type ChannelState = { channel: AlertChannel, 
/**
 * Where its password, token or key is.
 */
secret: Kept, 
/**
 * Messages that are not delivered yet.
 */
waiting: number, last: Delivery | null, };
export type CheckCode = "fact-unknown" | "arch-unsupported" | "os-unproven" | "no-systemd" | "memory-low" | "cpus-few" | "disk-low" | "swap-on" | "cgroup-memory-off" | "cgroup-v1" | "selinux-policy-missing" | "iptables-buggy" | "clock-skew" | "own-clock-skew" | "clock-not-synchronised" | "hostname-duplicate" | "hostname-unusable" | "machine-id-duplicate" | "interface-chosen" | "interface-unclear" | "interface-missing" | "no-address" | "no-default-route" | "lan-overlap" | "port-in-use" | "firewall-rules" | "foreign-k3s" | "role-differs" | "leftover-data" | "leftover-files";
export type Checked = { findings: { [key in string]: Array<Finding> }, 
/**
 * Machines that could not be read, and why.
 */
unread: { [key in string]: Problem }, };
export type ClusterDocument = { version: number, 
/**
 * A DNS label; also the name of the kubeconfig context.
 */
name: string, k3s: K3s, machines: Array<Machine>, options: Options, };
export type ClusterStatus = { name: string, k3sVersion: string, machines: number, };
export type Code = "document-malformed" | "document-unknown-field" | "document-version" | "document-field-missing" | "field-invalid" | "cidr-overlap" | "subnet-invalid" | "subnet-empty" | "subnet-overlap" | "subnet-too-large" | "no-subnet" | "scan-source-failed" | "host-unresolved" | "host-unreachable" | "connection-refused" | "connection-timed-out" | "connection-lost" | "not-ssh" | "ssh-negotiation-failed" | "ssh-channel-refused" | "ssh-config-invalid" | "ssh-config-unsupported" | "host-key-unknown" | "host-key-changed" | "host-key-revoked" | "host-keys-unreadable" | "authentication-failed" | "password-needed" | "password-wrong" | "key-file-missing" | "key-file-unreadable" | "key-kind-unsupported" | "passphrase-needed" | "passphrase-wrong" | "agent-unavailable" | "sudo-refused" | "sudo-password-needed" | "sudo-password-wrong" | "keyring-unavailable" | "keyring-locked" | "secret-missing" | "script-failed" | "local-file-unreadable" | "local-file-unwritable" | "machine-unfit" | "no-space-left" | "checksum-mismatch" | "download-failed" | "version-unknown" | "channel-unknown" | "checksum-missing" | "artefact-missing" | "arch-unsupported" | "cache-unusable" | "script-refused" | "service-did-not-start" | "cgroup-memory-missing" | "cgroup-v1-refused" | "datastore-foreign" | "default-route-missing" | "etcd-not-ready" | "etcd-silent" | "node-certificate-ends" | "cluster-key-ends" | "interface-missing" | "image-not-pulled" | "kernel-module-missing" | "node-name-taken" | "out-of-memory" | "selinux-denied" | "server-flags-differ" | "server-not-trusted" | "server-unreachable" | "port-in-use" | "token-rejected" | "clock-skewed" | "own-clock-skewed" | "reboot-timed-out" | "foreign-k3s" | "node-not-ready" | "node-pressure" | "node-cordoned" | "versions-differ" | "release-ended" | "two-servers" | "even-servers" | "no-server" | "duplicate-name" | "duplicate-address" | "node-name-invalid" | "fact-malformed" | "another-cluster" | "machine-left" | "no-cluster" | "no-ready-worker" | "kube-unreachable" | "kube-refused" | "kube-conflict" | "chart-failed" | "workload-not-ready" | "service-missing" | "cloudflare-unreachable" | "cloudflare-token" | "cloudflare-scope" | "cloudflare-rate-limit" | "cloudflare-refused" | "zone-missing" | "hostname-invalid" | "hostname-taken" | "service-name-taken" | "record-conflict" | "route-conflict" | "route-overwritten" | "access-conflict" | "access-needs-public" | "access-not-set-up" | "name-too-deep" | "tunnel-missing" | "tunnel-down" | "tunnel-in-use" | "redirect-loop" | "foreign-object" | "hand-edited" | "resolve-failed" | "record-missing" | "negative-cache" | "rebinding-protection" | "resolver-stale" | "resolver-differs" | "wildcard-record" | "encrypted-hello" | "ingress-retired" | "ingress-not-accepted" | "traefik-too-old" | "traefik-not-bundled" | "component-in-use" | "component-missing" | "no-tunnel" | "cloudflare-not-used" | "hostname-outside" | "names-in-use" | "name-not-at-home" | "watcher-silent" | "watcher-saw" | "exposure-missing" | "certificate-pending" | "certificate-failed" | "token-too-wide" | "token-ends" | "sealing-failed" | "keys-newer" | "keys-unreadable" | "backup-unreadable" | "probe-failed" | "backend-silent" | "backend-fails" | "name-not-exposed" | "away-from-home" | "network-silent" | "internet-away" | "resolver-silent" | "ingress-missing" | "ingress-class-differs" | "certificate-differs" | "certificate-expired" | "certificate-expiring" | "route-missing" | "route-elsewhere" | "access-missing" | "access-differs" | "alert-unreachable" | "alert-tls-failed" | "alert-unencrypted" | "alert-login-refused" | "alert-sender-refused" | "alert-recipient-refused" | "alert-refused" | "alert-rate-limit" | "channel-missing" | "plan-stale" | "cluster-busy" | "run-missing" | "run-not-resumable" | "step-timed-out" | "cancelled" | "store-failed" | "confirmation-needed" | "document-unreadable" | "endpoints-unreadable" | "practice-failed" | "practice-missing" | "link-refused" | "browser-missing" | "request-malformed" | "internal";
export type Column = "who" | "name" | "way-in" | "ingress" | "certificate" | "service" | "pods" | "runs-on";
export type ComponentAct = { "kind": "install", pin: Pin, } | { "kind": "repair" } | { "kind": "remove" };
export type ComponentState = { component: StackComponent, wanted: boolean, 
/**
 * The version that is wanted; none for what K3s brings.
 */
version: string | null, 
/**
 * Every step that installs it is true.
 */
healthy: boolean, 
/**
 * What is not: the first step that is not true and what it waits for or would change.
 */
lacks: Array<string>, 
/**
 * What was changed by hand, has failed, or is not ours.
 */
problem: Problem | null, };
export type Condition = { 
/**
 * The code and what it is about: the same one is never there twice.
 */
id: string, problem: Problem, severity: ConditionSeverity, 
/**
 * Unix ms of the look that saw it first.
 */
since: number, 
/**
 * The hostnames that it touches.
 */
hostnames: Array<string>, 
/**
 * The change that would put it right, to be previewed.
 */
fix: Change | null, 
/**
 * Why nobody is told of it.
 */
hushed: Hush | null, };
export type ConditionSeverity = "notice" | "degraded" | "down";
export type Conditions = { conditions: Array<Condition>, 
/**
 * What is being worked on: machines and hostnames, until when (unix ms).
 */
maintenance: { [subject: string]: number }, };
export type Connect = { address: string, port: number | null, user: string | null, method: LoginMethod, password: string | null, passphrase: string | null, 
/**
 * The fingerprint that the person compared and accepted.
 */
accept: string | null, remember: boolean, };
export type Connected = { address: string, user: string, fingerprint: string, facts: MachineFacts, };
export type CredentialKind = "ssh-password" | "ssh-passphrase" | "sudo-password" | "cloudflare-token" | "cluster-token" | "smtp-password" | "ntfy-token" | "webhook-url" | "webhook-key";
export type Credentials = { keyring: Keyring, 
/**
 * Why the keyring could not be asked; what it may hold is unknown then.
 */
problem: Problem | null, tokens: Array<StoredToken>, logins: Array<SavedLogin>, 
/**
 * What the channels of alerts need.
 */
channels: Array<ChannelSecret>, hostKeys: Array<PinnedKey>, 
/**
 * The way into the cluster, once there is one.
 */
kubeconfig: StoredFile | null, };
export type Danger = "none" | "disruptive" | "data-loss";
export type DefaultRoute = { interface: string, gateway: string | null, source: string | null, };
export type Delivery = { 
/**
 * Unix ms.
 */
at: number, 
/**
 * Why it failed.
 */
problem: Problem | null, 
/**
 * It is not tried again.
 */
lost: boolean, };
export type Diagnosis = { hostname: string, reach: Reach | null, 
/**
 * Whether the name can be reached.
 */
health: Health, tests: Array<Test>, 
/**
 * What explains it; none when all is well, or when nothing that is broken was found.
 */
cause: Problem | null, };
export type DiffLine = { sign: Sign, 
/**
 * In English.
 */
text: string, 
/**
 * What the text is made of, for other languages; nothing where it has no words.
 */
said?: Said, };
export type Document = { document: ClusterDocument, };
export type DocumentText = { yaml: string, };
export type DraftRequest = { hosts: Array<string>, };
export type Edge = { from: string, to: string, health: Health, latencyMs: number | null, 
/**
 * What goes over it, where that is counted.
 */
rate: Rate | null, };
export type Empty = Record<string, never>;
export type Event = { 
/**
 * Counts up by one; a gap means that events were lost.
 */
seq: number, } & ({ "kind": "host", host: Host, } | { "kind": "scan-progress", scan: string, done: number, total: number, } | { "kind": "scan-problem", scan: string, problem: Problem, } | { "kind": "scan-done", scan: string, cancelled: boolean, } | { "kind": "step", run: string, step: RunStep, secondsLeft: number | null, } | { "kind": "run-ended", run: string, state: RunState, } | { "kind": "flow" } | { "kind": "conditions", conditions: Array<Condition>, } | { "kind": "diagnosis", diagnosis: Diagnosis, });
export type ExposedService = { exposure: Exposure, namespace: string, health: Health, reason: Problem | null, notes: Array<Problem>, };
export type Exposure = { 
/**
 * The name of the Ingress, unique in the cluster.
 */
name: string, hostname: Hostname, reach: Reach, tls: Tls, 
/**
 * Public only: the e-mail addresses that Cloudflare Access lets in; empty means everybody.
 */
access: Array<string>, backend: Backend, };
export type Finding = { check: CheckCode, severity: Severity, args: { [key in string]: string }, fix: Fix | null, };
export type Firewall = { kind: FirewallKind, active: boolean, open: Array<OpenPorts>, 
/**
 * Networks whose every packet is let in.
 */
trusted: string[], };
export type FirewallKind = "ufw" | "firewalld";
export type Fit = { "verdict": "fit" } | { "verdict": "maybe", reasons: Array<Reason>, } | { "verdict": "unfit", reasons: Array<Reason>, };
export type Fix = { "kind": "cgroup-cmdline", path: string, before: string, after: string, } | { "kind": "commands", commands: Array<string>, } | { "kind": "choose-interface", candidates: Array<InterfaceChoice>, } | { "kind": "set-option", field: string, value: string, };
export type Flag = { "code": "shared-host-key", fingerprint: string, } | { "code": "duplicate-address", address: string, } | { "code": "proxy-arp", addresses: number, } | { "code": "host-key-changed", before: string, } | { "code": "gateway" } | { "code": "this-machine" };
export type FlowGraph = { hops: Array<Hop>, edges: Array<Edge>, paths: Array<Path>, 
/**
 * What is worth knowing about all of it, for as long as it is so.
 */
conditions: Array<Problem>, seenAt: number, };
export type ForgetHostKey = { address: string, port: number | null, };
export type ForgetLogin = { address: string, port: number | null, };
export type Health = "up" | "degraded" | "unknown" | "down";
export type HealthChange = { 
/**
 * Unix ms.
 */
at: number, 
/**
 * The id of a hop, or `path/SERVICE`.
 */
subject: string, from: Health, to: Health, reason: Problem | null, by: SeenBy, };
export type Histories = { histories: Array<History>, };
export type History = { subject: string, window: HistoryWindow, 
/**
 * Unix ms.
 */
from: number, until: number, 
/**
 * The share of the known time in which it served, degraded or not: 0 to 1; none when nothing is known.
 */
uptime: number | null, 
/**
 * The share of the window that is known: 0 to 1.
 */
known: number, 
/**
 * Of the window, the share that only the watcher in the cluster saw: 0 to 1.
 */
watched: number, cells: Array<Cell>, latency: Latency | null, 
/**
 * The latest ones of the window, newest first, where one subject was asked for; the timeline has them all.
 */
changes: Array<HealthChange>, };
export type HistoryExport = { subject: string, window: HistoryWindow, };
export type HistoryOf = { "kind": "services" } | { "kind": "everything" } | { "kind": "one", subject: string, };
export type HistoryRequest = { of: HistoryOf, window: HistoryWindow, };
export type HistoryRow = { from: number, until: number, up: number, degraded: number, down: number, unknown: number, latency: Latency | null, };
export type HistoryRows = { rows: Array<HistoryRow>, };
export type HistoryStorage = { retention: Retention, 
/**
 * Of the whole database.
 */
bytes: number, };
export type HistoryWindow = "day" | "week" | "month" | "quarter" | "year";
export type HomeAuthority = { certificatePem: string, 
/**
 * SHA-256 of the certificate, as browsers and systems show it.
 */
fingerprint: string, 
/**
 * Unix ms.
 */
notAfter: number, };
export type Hop = { 
/**
 * Stays the same for as long as the hop is the same: history is kept by it.
 */
id: string, kind: HopKind, column: Column, label: string, 
/**
 * What is said below the label: an address, a count, `READY/ALL`, a day; plain data, not a sentence.
 */
detail: string, 
/**
 * By what its health was judged; plain data.
 */
evidence: string, health: Health, 
/**
 * Why it is not up.
 */
reason: Problem | null, 
/**
 * The hop that explains why this one is down, which then is no cause of its own.
 */
because: string | null, 
/**
 * When the evidence was seen, unix ms; none where there is none.
 */
seenAt: number | null, 
/**
 * What goes through it, where that is counted.
 */
rate: Rate | null, 
/**
 * What it stands for, where there are several.
 */
members: Array<Member>, };
export type HopKind = "internet" | "lan" | "public-record" | "lan-record" | "edge" | "tunnel" | "cloudflared" | "worker" | "controller" | "certificate" | "service" | "pods" | "machine";
export type Host = { id: HostId, 
/**
 * Names under which this machine was shown before more was known; rows with these ids are replaced by it.
 */
formerly: Array<HostId>, 
/**
 * The addresses of the latest scan that saw it, IPv4 first, ascending.
 */
addresses: Array<string>, macs: Array<Mac>, 
/**
 * The maker of its network card, where the prefix is a well-known one.
 */
vendor: string | null, 
/**
 * All its MAC addresses are made up (a phone's privacy address, a virtual machine), so they name no maker
 * and may change.
 */
randomMac: boolean, 
/**
 * Host names, mDNS before reverse DNS.
 */
names: Array<string>, ports: Array<PortSeen>, ssh: Array<SshSeen>, services: Array<Service>, machineId: string | null, flags: Array<Flag>, fit: Fit, 
/**
 * Unix time in milliseconds.
 */
firstSeen: number, 
/**
 * Unix time in milliseconds.
 */
lastSeen: number, 
/**
 * Seen in the latest scan.
 */
present: boolean, };
export type HostId = string;
export type HostKey = { 
/**
 * The key's kind in SSH's own words: `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`.
 */
kind: string, 
/**
 * `SHA256:` and unpadded base64, as ssh-keygen prints it.
 */
fingerprint: string, };
export type Hostname = string;
export type Hush = { "kind": "acknowledged" } | { "kind": "snoozed", until: number, } | { "kind": "maintenance", until: number, };
export type HushRequest = { id: string, hush: Hush | null, };
export type ImageArchive = { name: string, sha256: string, };
export type IngressController = "nginx" | "traefik";
export type Interface = { name: string, index: number, kind: InterfaceKind, mac: Mac | null, up: boolean, addresses: Array<string>, subnets: Array<string>, 
/**
 * None: part of a scan that names no subnets.
 */
leftOut: LeftOut | null, };
export type InterfaceChoice = { interface: string, address: string, };
export type InterfaceKind = "physical" | "virtual" | "vpn" | "container" | "loopback";
export type Interfaces = { interfaces: Array<Interface>, };
export type K3s = { release: Release, 
/**
 * A local folder that holds the release's files, for machines without internet.
 */
folder: string | null, };
export type K3sFacts = { 
/**
 * SHA-256 of `/usr/local/bin/k3s`.
 */
binary: string | null, 
/**
 * As the binary tells it.
 */
version: string | null, units: Array<Unit>, 
/**
 * SHA-256 of config.yaml, of the join token file and of the install script.
 */
config: string | null, token: string | null, 
/**
 * SHA-256 of the token that a server hands to joiners; a digest of a long random value tells nothing.
 */
serverToken: string | null, installer: string | null, 
/**
 * SHA-256 of the config.yaml that the running service was last started with.
 */
startedWith: string | null, 
/**
 * SHA-256 of the binary that the running service was last started with.
 */
startedBinary: string | null, 
/**
 * SHA-256 of the join token that the running service was last started with.
 */
startedToken: string | null, images: Array<ImageArchive>, 
/**
 * Files of an earlier K3s.
 */
leftovers: Array<string>, owner: Owner | null, };
export type K3sVersion = string;
export type Kept = "keyring" | "this-run" | "nowhere" | "unknown";
export type Keyring = "secret-service" | "keychain" | "credential-manager" | "memory";
export type KeysFile = { path: string, passphrase: string, };
export type KeysRestored = { names: Array<string>, };
export type KeysState = { 
/**
 * Names of the keys that the cluster has.
 */
present: Array<string>, 
/**
 * Names of those in the last backup.
 */
saved: Array<string>, 
/**
 * Unix ms of the last backup.
 */
savedAt: number | null, };
export type Latency = { p50: number, p95: number, p99: number, 
/**
 * How many answers that was.
 */
answers: number, };
export type LeftOut = "virtual" | "vpn" | "container" | "loopback" | "down" | "no-subnet" | "self-assigned" | "too-large";
export type Link = { url: string, };
export type Listener = { protocol: Protocol, 
/**
 * `*` stands for every address.
 */
address: string, port: number, process: string | null, };
export type LoginForgotten = { logins: number, };
export type LoginMethod = { "kind": "usual" } | { "kind": "agent" } | { "kind": "key-file", path: string, } | { "kind": "password" };
export type Mac = string;
export type Machine = { name: string, 
/**
 * An IP address, a host name, or an alias of `~/.ssh/config`.
 */
address: string, role: Role, user: string | null, 
/**
 * The SSH port; 22 when absent.
 */
port: number | null, 
/**
 * The interface that carries cluster traffic, where the choice is not clear by itself.
 */
interface: string | null, };
export type MachineFacts = { 
/**
 * `ID` and `VERSION_ID` of os-release.
 */
osId: string | null, osVersion: string | null, osPretty: string | null, 
/**
 * As `uname -m` says it.
 */
arch: string | null, kernel: string | null, 
/**
 * The device tree's or the firmware's model name.
 */
board: string | null, cpus: number | null, memoryTotalKib: number | null, memoryAvailableKib: number | null, 
/**
 * Of the file system that holds `/var/lib`.
 */
diskTotalKib: number | null, diskFreeKib: number | null, 
/**
 * 1 or 2.
 */
cgroupVersion: number | null, cgroupMemory: boolean | null, swapTotalKib: number | null, 
/**
 * The machine's clock, unix milliseconds.
 */
timeEpochMs: number | null, 
/**
 * Unknown where the machine has no tool that tells.
 */
timeSynchronised: boolean | null, hostname: string | null, machineId: string | null, 
/**
 * Changes with every boot, which is how a reboot is seen.
 */
bootId: string | null, systemd: boolean | null, 
/**
 * The kind of virtualisation, where there is one.
 */
virt: string | null, interfaces: Array<Interface>, defaultRoutes: Array<DefaultRoute>, firewall: Firewall | null, selinux: Selinux | null, 
/**
 * Whether K3s' SELinux policy is installed.
 */
selinuxK3s: boolean, 
/**
 * `iptables --version` without the program's name.
 */
iptablesVersion: string | null, listening: Array<Listener>, 
/**
 * The kernel command line file of a Raspberry Pi, and its text.
 */
cmdlinePath: string | null, cmdlineText: string | null, k3s: K3sFacts, };
export type Machines = { hosts: Array<Host>, };
export type MailEncryption = "tls" | "starttls" | "none";
export type Maintain = { subject: string, until: number | null, };
export type Member = { label: string, 
/**
 * Where it is.
 */
detail: string, health: Health, };
export type NameRef = { hostname: string, };
export type Names = { "kind": "cloudflare" } | { "kind": "home", domain: Hostname, };
export type NamesReport = { wildcards: Array<Wildcard>, problems: Array<Problem>, };
export type Need = "always" | "public" | "access";
export type OpenPorts = { first: number, last: number, 
/**
 * Absent where the rule holds for both.
 */
protocol: Protocol | null, };
export type Options = { 
/**
 * K3s' bundled Traefik; off, because Portico brings its own ingress controller for ports 80 and 443.
 */
traefik: boolean, 
/**
 * Keeps the ports of LoadBalancer services on the workers when there are any.
 */
servicelbOnWorkers: boolean, clusterCidr: string, serviceCidr: string, 
/**
 * Tells a kubelet of 1.35 or later to run on cgroup v1 all the same.
 */
allowCgroupV1: boolean, 
/**
 * Further names or addresses for the API server's certificate.
 */
tlsSan: Array<string>, };
export type Owner = "portico" | "foreign";
export type Path = { service: string, hostname: string, reach: Reach, hops: Array<string>, health: Health, 
/**
 * What is worth knowing about it besides its hops: a certificate on its way, resolvers that disagree.
 */
notes: Array<Problem>, };
export type Phrase = "pods-awaited" | "account-awaited" | "job-awaited" | "traefik-awaited" | "other-token" | "tunnel-token" | "unit-installed" | "unit-restarted" | "join-token" | "tunnel" | "route-rule" | "access-application" | "access-policy-unused" | "access-only-these" | "access-lets-in" | "record-to-tunnel" | "record-proxied" | "record-dns-only" | "controller-untried" | "controller-silent" | "unresolved" | "unresolved-to" | "lan-untried" | "lan-silent" | "certificate-not-shown" | "certificate-of-others" | "certificate-unread" | "edge-untried" | "edge-silent" | "edge-answers" | "login-not-asked" | "redirects-to-itself";
export type Pin = { 
/**
 * Of the chart; of the image where there is no chart.
 */
version: string | null, 
/**
 * The chart's repository.
 */
repository: string | null, 
/**
 * The controller's image, as `registry/name:tag` or with a digest.
 */
image: string | null, };
export type PinnedKey = { address: string, port: number, kind: string, fingerprint: string, machine: string | null, inCluster: boolean, };
export type PlanStep = { id: string, stage: Stage, machine: string | null, needs: Array<string>, danger: Danger, verdict: Verdict, 
/**
 * The exact command behind the step.
 */
command: string, };
export type PlanView = { id: string, change: Change, steps: Array<PlanStep>, findings: { [key in string]: Array<Finding> }, 
/**
 * Why it cannot be applied as it is.
 */
hindrance: Problem | null, };
export type PortSeen = { address: string, port: number, state: PortState, };
export type PortState = "open" | "closed" | "filtered";
export type PreviewRequest = { change: Change, };
export type Problem = { code: Code, args: { [key in string]: string }, detail: string | null, };
export type Protocol = "tcp" | "udp";
export type Proxy = "proxied" | "dns-only";
export type QuietHours = { 
/**
 * Minutes after local midnight; the first minute that is quiet.
 */
from: number, 
/**
 * The first that is not.
 */
until: number, 
/**
 * What is as bad as this is told all the same.
 */
through: ConditionSeverity | null, };
export type Rate = { perSecond: number, 
/**
 * Unix ms of the later reading.
 */
at: number, };
export type Reach = "lan" | "public";
export type Reason = { "code": "ssh-closed", port: number, } | { "code": "ssh-silent", port: number, } | { "code": "ssh-not-seen", port: number, } | { "code": "not-ssh", port: number, } | { "code": "not-linux", banner: string, } | { "code": "small-ssh-server", banner: string, } | { "code": "already-cluster", address: string, port: number, } | { "code": "gateway" } | { "code": "network-device", vendor: string, } | { "code": "shared-host-key", fingerprint: string, } | { "code": "host-key-changed", before: string, } | { "code": "duplicate-address", address: string, } | { "code": "proxy-arp", addresses: number, } | { "code": "gone" };
export type Rehearsal = { machines: Array<RehearsalLogin>, situations: Array<Situation>, post: RehearsalPost, };
export type RehearsalLogin = { name: string, address: string, user: string, 
/**
 * Absent where only keys are taken.
 */
password: string | null, 
/**
 * What a person would want to know before choosing the machine.
 */
note: string, };
export type RehearsalMessage = { 
/**
 * `mail`, `ntfy` or `webhook`.
 */
via: string, title: string, };
export type RehearsalPost = { 
/**
 * Of the mail server, without encryption.
 */
host: string, port: number, user: string, password: string, mailbox: string, 
/**
 * Base URL of what is like ntfy.
 */
ntfy: string, topic: string, webhook: string, 
/**
 * What came, the newest first.
 */
arrived: Array<RehearsalMessage>, };
export type Release = { "version": K3sVersion } | { "channel": string };
export type Retention = { 
/**
 * Days that can be seen by the minute; 1 at least.
 */
minuteDays: number, 
/**
 * Days that can be seen by the hour; 2 at least, since days are made of them.
 */
hourDays: number, 
/**
 * Years that can be seen by the day; 1 at least.
 */
dayYears: number, };
export type Role = "server" | "agent";
export type Run = { id: string, change: Change, state: RunState, startedAt: number, finishedAt: number | null, steps: Array<RunStep>, 
/**
 * Estimated from how long each stage took before; absent when the run has ended.
 */
secondsLeft: number | null, };
export type RunRef = { run: string, };
export type RunState = "running" | "done" | "failed" | "cancelled" | "interrupted";
export type RunStep = { id: string, stage: Stage, machine: string | null, danger: Danger, state: StepState, startedAt: number | null, finishedAt: number | null, 
/**
 * 0 to 1 where the step can tell, as a copy can.
 */
progress: number | null, log: Array<string>, problem: Problem | null, 
/**
 * What should be known although it is done: resolvers that do not agree yet.
 */
note: Problem | null, };
export type Runs = { runs: Array<Run>, };
export type Said = { phrase: Phrase, args: { [key in string]: string }, };
export type SaveTo = { path: string, };
export type SavedLogin = { address: string, port: number, user: string | null, method: LoginMethod, 
/**
 * Logs in, or answers sudo where something else logs in.
 */
password: Kept, 
/**
 * Opens the key file.
 */
passphrase: Kept, 
/**
 * The name in the cluster's document, or the one that a scan found.
 */
machine: string | null, inCluster: boolean, };
export type ScanStart = { 
/**
 * Empty: the computer's own networks.
 */
subnets: Array<string>, allowLarge: boolean, 
/**
 * TCP ports to look at besides SSH and the Kubernetes API.
 */
ports: Array<number>, };
export type ScanStarted = { scan: string, };
export type SeenBy = "portico" | "watcher";
export type Selinux = "enforcing" | "permissive" | "disabled";
export type Service = { 
/**
 * The type, such as `_ssh._tcp`.
 */
kind: string, instance: string, port: number, };
export type Services = { exposed: Array<ExposedService>, 
/**
 * Services of the cluster that could be exposed.
 */
available: Array<AvailableService>, };
export type SetChannel = { channel: AlertChannel, secret: string | null, url: string | null, 
/**
 * Secrets not into the keyring.
 */
thisRun: boolean, };
export type SetToken = { token: string, cluster: boolean, 
/**
 * Not into the keyring.
 */
thisRun: boolean, };
export type Severity = "stop" | "warn" | "note";
export type Sign = "add" | "remove" | "change";
export type Situation = { kind: SituationKind, 
/**
 * The machine or the zone that it is about.
 */
subject: string | null, on: boolean, };
export type SituationKind = "machine-off" | "disk-full" | "internet-down" | "token-revoked" | "wildcard-added" | "certificate-refused" | "router-told";
export type SshSeen = { address: string, port: number, 
/**
 * The identification string, control characters replaced, at most 255 characters.
 */
banner: string | null, 
/**
 * Sorted by kind.
 */
keys: Array<HostKey>, };
export type Stack = { 
/**
 * The owner knows that ingress-nginx gets no fixes and exposes services to the internet through it all the same.
 */
retiredAccepted: boolean, 
/**
 * The components that are wanted besides the ingress controller, and what is pinned of any.
 */
components: { [key in StackComponent]?: Pin }, names: Names, acme: Acme | null, 
/**
 * The tunnel's name; found again by it.
 */
tunnel: string | null, };
export type StackComponent = "ingress-nginx" | "traefik" | "sealed-secrets" | "cert-manager" | "cloudflared" | "gatus";
export type StackState = { stack: Stack, ingress: IngressController, components: Array<ComponentState>, conditions: Array<Problem>, };
export type Stage = "enable-memory-cgroup" | "copy-k3s" | "configure" | "install-server" | "join-server" | "join-agent" | "restart-server" | "fetch-kubeconfig" | "node-ready" | "label-ingress-nodes" | "taint-servers" | "install-component" | "seal-token" | "make-issuer" | "make-tunnel" | "deploy-workload" | "route-hostname" | "issue-certificate" | "route-tunnel" | "protect-hostname" | "write-records" | "try-path" | "remove-component" | "remove-service";
export type Status = { practice: boolean, 
/**
 * Whether a rehearsal can be opened from here.
 */
canPractise: boolean, cluster: ClusterStatus | null, machines: number, services: number, 
/**
 * Runs at work.
 */
running: number, 
/**
 * What should be known for as long as it is so.
 */
conditions: Array<Problem>, };
export type StepState = "waiting" | "running" | "done" | "skipped" | "failed" | "not-run";
export type StoredFile = { path: string, 
/**
 * Who may read it, in octal as `chmod` writes it; absent where files have no such mode.
 */
mode: string | null, };
export type StoredToken = { 
/**
 * The narrower one that is sealed into the cluster; else the owner's own.
 */
cluster: boolean, kept: Kept, };
export type SupportBundle = { 
/**
 * JSON, indented.
 */
text: string, 
/**
 * How many different things of each kind have a stand-in: `address`, `domain`, `id`, `mail`.
 */
hidden: { [key in string]: number }, };
export type Test = { kind: TestKind, 
/**
 * What it looked at: a name, an address; plain data.
 */
subject: string, health: Health, 
/**
 * What was seen; plain data.
 */
evidence: string, 
/**
 * Why it is not up.
 */
problem: Problem | null, };
export type TestKind = "exposed" | "network" | "record" | "resolvers" | "interference" | "tunnel" | "route" | "access" | "worker" | "controller" | "ingress" | "clock" | "certificate" | "pods" | "answer";
export type Timeline = { 
/**
 * Newest first.
 */
entries: Array<TimelineEntry>, 
/**
 * The `before` of the next page, if there is one.
 */
next: number | null, };
export type TimelineEntry = { "kind": "health", change: HealthChange, } | { "kind": "run", run: string, change: Change, state: RunState, startedAt: number, finishedAt: number | null, } | { "kind": "gap", from: number, until: number, 
/**
 * How much of it the watcher in the cluster saw of what it saw most of, ms.
 */
watched: number, };
export type TimelineRequest = { window: HistoryWindow, 
/**
 * Unix ms; absent for the newest page.
 */
before: number | null, 
/**
 * How many entries at least; 100 unless told.
 */
limit: number | null, };
export type Tls = "terminated" | "passthrough";
export type TokenKind = "user" | "account";
export type TokenKindRef = { cluster: boolean, };
export type TokenReport = { kind: TokenKind, 
/**
 * RFC 3339.
 */
expiresOn: string | null, zones: Array<Zone>, capabilities: Array<Capability>, };
export type Unit = { 
/**
 * `k3s` or `k3s-agent`.
 */
name: string, 
/**
 * systemd's words, such as `active` and `enabled`.
 */
active: string, enabled: string, execStart: string, };
export type Verdict = { "state": "yes" } | { "state": "no", diff: Array<DiffLine>, } | { "state": "blocked", problem: Problem, };
export type Wildcard = { 
/**
 * `*.example.com`
 */
name: string, kind: string, content: string, proxy: Proxy, 
/**
 * Hostnames that would get no answer, or another one, without it.
 */
leaning: Array<Hostname>, };
export type WorldOpen = { practice: boolean, anew: boolean, };
export type Zone = { id: string, name: string, accountId: string, active: boolean, };
export type Zones = { zones: Array<Zone>, };
export type Rpc = {
  'status': [Empty, Status];
  'interfaces': [Empty, Interfaces];
  'scan-start': [ScanStart, ScanStarted];
  'scan-cancel': [ScanStarted, Empty];
  'machines': [Empty, Machines];
  'connect': [Connect, Connected];
  'forget-host-key': [ForgetHostKey, Empty];
  'credentials': [Empty, Credentials];
  'login-forget': [ForgetLogin, LoginForgotten];
  'document-draft': [DraftRequest, Document];
  'document-read': [DocumentText, Document];
  'check': [Document, Checked];
  'preview': [PreviewRequest, PlanView];
  'apply': [ApplyRequest, Run];
  'cancel': [RunRef, Empty];
  'resume': [RunRef, Run];
  'runs': [Empty, Runs];
  'run': [RunRef, Run];
  'services': [Empty, Services];
  'zones': [Empty, Zones];
  'token-set': [SetToken, TokenReport];
  'token-report': [TokenKindRef, TokenReport];
  'token-forget': [TokenKindRef, Empty];
  'token-link': [TokenKindRef, Link];
  'link-open': [Link, Empty];
  'stack': [Empty, StackState];
  'names': [Empty, NamesReport];
  'conditions': [Empty, Conditions];
  'hush': [HushRequest, Conditions];
  'maintain': [Maintain, Conditions];
  'alerts': [Empty, Alerts];
  'alert-channel-set': [SetChannel, Alerts];
  'alert-channel-remove': [ChannelRef, Alerts];
  'alert-secrets-forget': [ChannelRef, Alerts];
  'alert-timing-set': [AlertTiming, Alerts];
  'alert-test': [SetChannel, Empty];
  'home': [Empty, AtHome | null];
  'authority-save': [SaveTo, Empty];
  'keys': [Empty, KeysState];
  'keys-save': [KeysFile, KeysState];
  'keys-restore': [KeysFile, KeysRestored];
  'flow': [Empty, FlowGraph];
  'flow-told': [Empty, FlowGraph];
  'diagnose': [NameRef, Diagnosis];
  'rehearsal': [Empty, Rehearsal];
  'bring-about': [Situation, Rehearsal];
  'world-open': [WorldOpen, Empty];
  'history': [HistoryRequest, Histories];
  'history-export': [HistoryExport, HistoryRows];
  'support': [Empty, SupportBundle];
  'history-storage': [Empty, HistoryStorage];
  'history-keep': [Retention, HistoryStorage];
  'timeline': [TimelineRequest, Timeline];
};
