//! Requests and responses of the command table, as far as they are not domain types themselves.
//!
//! Secrets travel in requests only, never in a response; their types have no Debug.

use portico_domain::alert::Channel;
use portico_domain::change::Change;
use portico_domain::cluster::ClusterDocument;
use portico_domain::condition::{Condition, Hush};
use portico_domain::dns::Zone;
use portico_domain::exposure::Exposure;
use portico_domain::flow::Health;
use portico_domain::history::{History, Latency, TimelineEntry, Window};
use portico_domain::host::Host;
use portico_domain::preflight::Finding;
use portico_domain::problem::Problem;
use portico_domain::run::Run;
use portico_domain::stack::{IngressController, Stack};
use portico_domain::step::{Danger, Stage, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

pub use portico_engine::{
    Alerts, AtHome, ChannelSecret, ChannelState, ComponentState, Connected, Credentials, HistoryOf,
    HistoryStorage, Interface,
};
pub use portico_engine::{
    KeysState, LoginMethod, NamesReport, PinnedKey, SavedLogin, StoredFile, StoredToken, SupportBundle,
};

macro_rules! wire {
    ($($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $field:ident: $type:ty,)* })*) => {
        $($(#[$meta])*
        #[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$inner])* pub $field: $type,)* })*
    };
}

wire! {
    Empty {}
    Status {
        practice: bool,
        /// Whether a rehearsal can be opened from here.
        #[serde(default)]
        can_practise: bool,
        cluster: Option<ClusterStatus>,
        machines: u32,
        services: u32,
        /// Runs at work.
        running: u32,
        /// What should be known for as long as it is so.
        conditions: Vec<Problem>,
    }
    ClusterStatus { name: String, k3s_version: String, machines: u32, }
    Interfaces { interfaces: Vec<Interface>, }
    ScanStart {
        /// Empty: the computer's own networks.
        subnets: Vec<String>,
        allow_large: bool,
        /// TCP ports to look at besides SSH and the Kubernetes API.
        ports: Vec<u16>,
    }
    ScanStarted { scan: String, }
    Machines { hosts: Vec<Host>, }
    /// `password` logs in and answers sudo; `passphrase` opens the key file.
    Connect {
        address: String,
        port: Option<u16>,
        user: Option<String>,
        method: LoginMethod,
        password: Option<String>,
        passphrase: Option<String>,
        /// The fingerprint that the person compared and accepted.
        accept: Option<String>,
        remember: bool,
    }
    ForgetHostKey { address: String, port: Option<u16>, }
    /// Without a port: every login at the address.
    ForgetLogin { address: String, port: Option<u16>, }
    LoginForgotten { logins: u32, }
    /// Ids of hosts that a scan found; the first becomes the server.
    DraftRequest { hosts: Vec<String>, }
    Document { document: ClusterDocument, }
    DocumentText { yaml: String, }
    Checked {
        findings: BTreeMap<String, Vec<Finding>>,
        /// Machines that could not be read, and why.
        unread: BTreeMap<String, Problem>,
    }
    PreviewRequest { change: Change, }
    PlanView {
        id: String,
        change: Change,
        steps: Vec<PlanStep>,
        findings: BTreeMap<String, Vec<Finding>>,
        /// Why it cannot be applied as it is.
        hindrance: Option<Problem>,
    }
    PlanStep {
        id: String,
        stage: Stage,
        machine: Option<String>,
        needs: Vec<String>,
        danger: Danger,
        verdict: Verdict,
        /// The exact command behind the step.
        command: String,
    }
    ApplyRequest { plan: String, }
    RunRef { run: String, }
    Runs { runs: Vec<Run>, }
    Services {
        exposed: Vec<ExposedService>,
        /// Services of the cluster that could be exposed.
        available: Vec<AvailableService>,
    }
    ExposedService {
        exposure: Exposure,
        namespace: String,
        health: Health,
        reason: Option<Problem>,
        notes: Vec<Problem>,
    }
    AvailableService { namespace: String, name: String, ports: Vec<u16>, }
    Zones { zones: Vec<Zone>, }
    /// Without `cluster` it is the owner's own; with it, the narrower one that goes into the cluster.
    TokenKindRef { cluster: bool, }
    SetToken {
        token: String,
        cluster: bool,
        /// Not into the keyring.
        this_run: bool,
    }
    /// `anew` forgets the rehearsal that was there.
    WorldOpen { practice: bool, anew: bool, }
    NameRef { hostname: String, }
    Link { url: String, }
    StackState {
        stack: Stack,
        ingress: IngressController,
        components: Vec<ComponentState>,
        conditions: Vec<Problem>,
    }
    /// `passphrase` opens the backup, now or later.
    KeysFile { path: String, passphrase: String, }
    Conditions {
        conditions: Vec<Condition>,
        /// What is being worked on: machines and hostnames, until when (unix ms).
        #[ts(type = "{ [subject: string]: number }")]
        maintenance: BTreeMap<String, i64>,
    }
    /// Without `hush`, what was said before is taken back.
    HushRequest { id: String, hush: Option<Hush>, }
    /// `subject` is a machine's name or a hostname; without `until` (unix ms) the work is over.
    Maintain {
        subject: String,
        #[ts(type = "number | null")]
        until: Option<i64>,
    }
    /// A channel of alerts. What is absent stays as it is kept: `secret` is its password, token or key, `url` a webhook's
    /// address.
    SetChannel {
        channel: Channel,
        secret: Option<String>,
        url: Option<String>,
        /// Secrets not into the keyring.
        this_run: bool,
    }
    ChannelRef { channel: String, }
    SaveTo { path: String, }
    KeysRestored { names: Vec<String>, }
    HistoryRequest { of: HistoryOf, window: Window, }
    Histories { histories: Vec<History>, }
    /// One service by its name, or one hop by its id.
    HistoryExport { subject: String, window: Window, }
    HistoryRows { rows: Vec<HistoryRow>, }
    /// A minute, hour or day as it is stored. Times are unix ms, how long it was what is ms.
    HistoryRow {
        #[ts(type = "number")]
        from: i64,
        #[ts(type = "number")]
        until: i64,
        #[ts(type = "number")]
        up: i64,
        #[ts(type = "number")]
        degraded: i64,
        #[ts(type = "number")]
        down: i64,
        #[ts(type = "number")]
        unknown: i64,
        latency: Option<Latency>,
    }
    TimelineRequest {
        window: Window,
        /// Unix ms; absent for the newest page.
        #[ts(type = "number | null")]
        before: Option<i64>,
        /// How many entries at least; 100 unless told.
        limit: Option<u32>,
    }
    Timeline {
        /// Newest first.
        entries: Vec<TimelineEntry>,
        /// The `before` of the next page, if there is one.
        #[ts(type = "number | null")]
        next: Option<i64>,
    }
}
