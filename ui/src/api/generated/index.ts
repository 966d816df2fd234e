// The wire types of the command table.
export type Code =
  | 'document-malformed' | 'document-unknown-field' | 'document-version' | 'field-invalid'
  | 'subnet-invalid' | 'subnet-empty' | 'subnet-overlap' | 'subnet-too-large' | 'no-subnet'
  | 'host-unresolved' | 'host-unreachable' | 'connection-refused' | 'connection-timed-out' | 'connection-lost'
  | 'not-ssh' | 'host-key-unknown' | 'host-key-changed' | 'authentication-failed' | 'password-wrong'
  | 'key-file-missing' | 'key-file-unreadable' | 'key-kind-unsupported' | 'passphrase-needed' | 'passphrase-wrong'
  | 'agent-unavailable' | 'sudo-refused' | 'sudo-password-needed' | 'sudo-password-wrong'
  | 'keyring-unavailable' | 'keyring-locked' | 'secret-missing'
  | 'script-failed' | 'machine-unfit' | 'no-space-left' | 'checksum-mismatch' | 'download-failed' | 'version-unknown'
  | 'service-did-not-start' | 'port-in-use' | 'token-rejected' | 'clock-skewed' | 'reboot-timed-out' | 'foreign-k3s'
  | 'node-not-ready' | 'two-servers' | 'no-server' | 'duplicate-name'
  | 'kube-unreachable' | 'kube-refused' | 'kube-conflict' | 'chart-failed' | 'workload-not-ready'
  | 'cloudflare-unreachable' | 'cloudflare-token' | 'cloudflare-scope' | 'cloudflare-rate-limit' | 'cloudflare-refused'
  | 'zone-missing' | 'hostname-invalid' | 'record-conflict' | 'foreign-object' | 'resolve-failed'
  | 'probe-failed' | 'plan-stale' | 'cluster-busy' | 'run-missing' | 'run-not-resumable' | 'step-timed-out'
  | 'cancelled' | 'store-failed' | 'internal';
export type Args = { [key in string]: string };
export type Problem = { code: Code; args: Args; detail: string | null };
export type ApiError = Problem;
export type Phrase = { code: string; args: Args };

export type Interface = { name: string; addresses: string[]; subnets: string[]; kind: 'wired' | 'wireless' | 'virtual' | 'vpn' | 'bridge' | 'loopback' | 'other'; default: boolean };
export type FitnessLevel = 'fit' | 'maybe' | 'unfit';
export type Fitness = { level: FitnessLevel; reasons: Phrase[] };
export type Fingerprint = { algorithm: string; sha256: string };
export type Host = {
  id: string; names: string[]; addresses: string[]; mac: string | null; vendor: string | null; ports: number[];
  banner: string | null; fingerprints: Fingerprint[]; fitness: Fitness; sources: string[]; connected: boolean;
  user: string | null; facts: Facts | null;
};
export type Facts = { hostname: string; os: string; arch: string; board: string | null; cpus: number; memoryKib: number; diskFreeKib: number; kernel: string };
export type Severity = 'blocker' | 'warning' | 'note';
export type Finding = { code: string; severity: Severity; args: Args; fix: string | null };
export type MachineFindings = { machine: string; findings: Finding[] };

export type Login = { kind: 'agent' } | { kind: 'key'; path: string; passphrase: string | null } | { kind: 'password'; password: string };
export type ConnectRequest = { address: string; port: number | null; user: string; login: Login; sudoPassword: string | null; acceptFingerprint: string | null; remember: boolean };
export type ConnectOutcome = 'connected' | 'host-key-unknown' | 'host-key-changed' | 'needs-sudo-password';
export type ConnectResponse = { outcome: ConnectOutcome; fingerprints: Fingerprint[]; pinned: Fingerprint[]; facts: Facts | null; findings: Finding[] };

export type Role = 'server' | 'agent';
export type DocumentMachine = { name: string; address: string; role: Role; user: string | null; port: number | null };
export type ClusterDocument = { version: number; name: string; k3s: { version: string | null; channel: string | null; folder: string | null }; machines: DocumentMachine[] };
export type Reach = 'lan' | 'public';
export type Exposure = { service: string; namespace: string; hostname: string; zone: string; reach: Reach };
export type Change = { kind: 'build'; document: ClusterDocument } | { kind: 'expose'; exposure: Exposure };
export type Danger = 'none' | 'disruptive' | 'data-loss';
export type PlanStepState = { kind: 'needed' } | { kind: 'done' } | { kind: 'blocked'; reason: Problem };
export type Area = 'machine' | 'cluster' | 'ingress' | 'service' | 'dns' | 'check';
export type PlanStep = { id: string; machine: string | null; area: Area; title: Phrase; state: PlanStepState; danger: Danger; command: string; needs: string[] };
export type Plan = { id: string; base: number; steps: PlanStep[]; warnings: Phrase[] };

export type RunState = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';
export type StepState = 'waiting' | 'running' | 'done' | 'skipped' | 'failed' | 'cancelled';
export type RunStep = { id: string; machine: string | null; title: Phrase; state: StepState; startedAt: number | null; finishedAt: number | null; progress: number | null; log: string[]; problem: Problem | null };
export type Run = { id: string; title: Phrase; state: RunState; startedAt: number; finishedAt: number | null; steps: RunStep[]; secondsLeft: number | null };
export type RunSummary = { id: string; title: Phrase; state: RunState; startedAt: number; finishedAt: number | null; done: number; total: number };

export type Health = 'up' | 'degraded' | 'down' | 'unknown';
export type Service = { id: string; name: string; namespace: string; hostname: string | null; reach: Reach | null; health: Health; reason: Phrase | null; owned: boolean };
export type Zone = { id: string; name: string };
export type ExposeDraft = { hostname: string; zones: Zone[] };
export type Column = 'who' | 'name' | 'way-in' | 'ingress' | 'service' | 'runs-on';
export type FlowNode = { id: string; column: Column; label: string; detail: string; health: Health; reason: Phrase | null };
export type FlowEdge = { from: string; to: string; health: Health; latencyMs: number | null };
export type FlowPath = { service: string; reach: Reach; nodes: string[] };
export type Banner = { health: Health; reason: Phrase; node: string | null; since: number | null };
export type FlowGraph = { nodes: FlowNode[]; edges: FlowEdge[]; paths: FlowPath[]; banner: Banner | null; seenAt: number };
export type Status = { practice: boolean; cluster: { name: string; k3sVersion: string } | null; machines: number; services: number; runs: number; seenAt: number | null };

export type Event =
  | { seq: number; kind: 'host'; host: Host }
  | { seq: number; kind: 'scan-progress'; scan: string; asked: number; total: number }
  | { seq: number; kind: 'scan-done'; scan: string; cancelled: boolean; problem: Problem | null }
  | { seq: number; kind: 'run'; run: Run }
  | { seq: number; kind: 'log'; run: string; step: string; line: string }
  | { seq: number; kind: 'flow'; flow: FlowGraph };

export type Empty = Record<string, never>;
export type Rpc = {
  status: [Empty, Status];
  interfaces: [Empty, { interfaces: Interface[] }];
  'scan-start': [{ subnets: string[] | null; allowLarge: boolean }, { scan: string }];
  'scan-cancel': [{ scan: string }, Empty];
  machines: [Empty, { machines: Host[] }];
  connect: [ConnectRequest, ConnectResponse];
  check: [{ document: ClusterDocument }, { machines: MachineFindings[] }];
  'document-draft': [{ machines: string[] }, { document: ClusterDocument }];
  preview: [{ change: Change }, Plan];
  apply: [{ plan: string }, { run: string }];
  cancel: [{ run: string }, Empty];
  resume: [{ run: string }, { run: string }];
  runs: [Empty, { runs: RunSummary[] }];
  run: [{ id: string }, Run];
  services: [Empty, { services: Service[] }];
  zones: [Empty, { zones: Zone[] }];
  'expose-draft': [{ service: string }, ExposeDraft];
  flow: [Empty, FlowGraph];
};
