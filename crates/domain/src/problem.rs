//! What can go wrong, as a code with arguments.
//!
//! Every error that reaches a person passes through [`Problem`]: a closed set of codes, each with the
//! arguments that its sentence needs. The sentences live in `api` (English) alone; nothing here is prose.
//! `detail` carries the technical cause for the "details" fold and is redacted before it leaves `api`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// One named thing that can go wrong, grouped by the area that raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    // Input documents
    DocumentMalformed,
    DocumentUnknownField,
    DocumentVersion,
    DocumentFieldMissing,
    FieldInvalid,
    CidrOverlap,
    // Scan
    SubnetInvalid,
    SubnetEmpty,
    SubnetOverlap,
    SubnetTooLarge,
    NoSubnet,
    ScanSourceFailed,
    // SSH
    HostUnresolved,
    HostUnreachable,
    ConnectionRefused,
    ConnectionTimedOut,
    ConnectionLost,
    NotSsh,
    SshNegotiationFailed,
    SshChannelRefused,
    SshConfigInvalid,
    SshConfigUnsupported,
    HostKeyUnknown,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeysUnreadable,
    AuthenticationFailed,
    PasswordNeeded,
    PasswordWrong,
    KeyFileMissing,
    KeyFileUnreadable,
    KeyKindUnsupported,
    PassphraseNeeded,
    PassphraseWrong,
    AgentUnavailable,
    SudoRefused,
    SudoPasswordNeeded,
    SudoPasswordWrong,
    // Keyring
    KeyringUnavailable,
    KeyringLocked,
    SecretMissing,
    // Machines and K3s
    ScriptFailed,
    LocalFileUnreadable,
    LocalFileUnwritable,
    MachineUnfit,
    NoSpaceLeft,
    ChecksumMismatch,
    DownloadFailed,
    VersionUnknown,
    ChannelUnknown,
    ChecksumMissing,
    ArtefactMissing,
    ArchUnsupported,
    CacheUnusable,
    ScriptRefused,
    ServiceDidNotStart,
    // Likely causes of a service that did not start, told by its journal
    CgroupMemoryMissing,
    CgroupV1Refused,
    DatastoreForeign,
    DefaultRouteMissing,
    EtcdNotReady,
    EtcdSilent,
    NodeCertificateEnds,
    ClusterKeyEnds,
    InterfaceMissing,
    ImageNotPulled,
    KernelModuleMissing,
    NodeNameTaken,
    OutOfMemory,
    SelinuxDenied,
    ServerFlagsDiffer,
    ServerNotTrusted,
    ServerUnreachable,
    PortInUse,
    TokenRejected,
    ClockSkewed,
    OwnClockSkewed,
    RebootTimedOut,
    ForeignK3s,
    NodeNotReady,
    /// A machine runs out of disk, memory or process numbers.
    NodePressure,
    /// Somebody keeps new pods off a machine.
    NodeCordoned,
    VersionsDiffer,
    /// Nobody looks after this minor version of Kubernetes any more.
    ReleaseEnded,
    TwoServers,
    EvenServers,
    NoServer,
    DuplicateName,
    DuplicateAddress,
    NodeNameInvalid,
    FactMalformed,
    AnotherCluster,
    MachineLeft,
    NoCluster,
    NoReadyWorker,
    // Kubernetes
    KubeUnreachable,
    KubeRefused,
    KubeConflict,
    ChartFailed,
    WorkloadNotReady,
    ServiceMissing,
    // Cloudflare and DNS
    CloudflareUnreachable,
    CloudflareToken,
    CloudflareScope,
    CloudflareRateLimit,
    CloudflareRefused,
    ZoneMissing,
    HostnameInvalid,
    HostnameTaken,
    ServiceNameTaken,
    RecordConflict,
    RouteConflict,
    RouteOverwritten,
    AccessConflict,
    AccessNeedsPublic,
    AccessNotSetUp,
    NameTooDeep,
    TunnelMissing,
    TunnelDown,
    TunnelInUse,
    RedirectLoop,
    ForeignObject,
    HandEdited,
    ResolveFailed,
    RecordMissing,
    NegativeCache,
    RebindingProtection,
    ResolverStale,
    ResolverDiffers,
    WildcardRecord,
    EncryptedHello,
    // The stack
    IngressRetired,
    IngressNotAccepted,
    TraefikTooOld,
    TraefikNotBundled,
    ComponentInUse,
    ComponentMissing,
    NoTunnel,
    /// What needs Cloudflare, in a homelab that does without it.
    CloudflareNotUsed,
    /// A name that is not in the homelab's own domain.
    HostnameOutside,
    /// Who answers for names cannot change while services have names.
    NamesInUse,
    /// The home's own resolver does not know the name, or leads it elsewhere.
    NameNotAtHome,
    /// The watcher in the cluster does not answer, or asks nothing any more.
    WatcherSilent,
    /// It got no good answer from a service.
    WatcherSaw,
    ExposureMissing,
    CertificatePending,
    CertificateFailed,
    TokenTooWide,
    TokenEnds,
    SealingFailed,
    KeysNewer,
    KeysUnreadable,
    BackupUnreadable,
    // Probes
    ProbeFailed,
    BackendSilent,
    BackendFails,
    // Why a name cannot be reached, besides what has a code above
    NameNotExposed,
    AwayFromHome,
    NetworkSilent,
    InternetAway,
    ResolverSilent,
    IngressMissing,
    IngressClassDiffers,
    CertificateDiffers,
    CertificateExpired,
    CertificateExpiring,
    RouteMissing,
    RouteElsewhere,
    AccessMissing,
    AccessDiffers,
    // Alerts: `field` is the one that can put it right
    AlertUnreachable,
    /// The certificate or the kind of encryption.
    AlertTlsFailed,
    /// A secret, or all of it, would be readable on the way.
    AlertUnencrypted,
    AlertLoginRefused,
    AlertSenderRefused,
    AlertRecipientRefused,
    AlertRefused,
    AlertRateLimit,
    ChannelMissing,
    // Runs
    PlanStale,
    ClusterBusy,
    RunMissing,
    RunNotResumable,
    StepTimedOut,
    Cancelled,
    StoreFailed,
    ConfirmationNeeded,
    DocumentUnreadable,
    EndpointsUnreadable,
    PracticeFailed,
    PracticeMissing,
    LinkRefused,
    BrowserMissing,
    RequestMalformed,
    Internal,
}

/// A code with the arguments of its sentence and, where there is one, the technical cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    pub code: Code,
    pub args: BTreeMap<String, String>,
    pub detail: Option<String>,
}

impl Code {
    /// The code as it travels: a kebab-case word.
    pub fn word(self) -> String {
        word(self)
    }
}

/// The word of a unit variant.
pub(crate) fn word(of: impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a unit variant serialises to a word, not to {other:?}"),
    }
}

impl Problem {
    pub fn new(code: Code) -> Self {
        Self { code, args: BTreeMap::new(), detail: None }
    }

    /// Adds an argument that the code's sentence names.
    pub fn arg(mut self, name: &str, value: impl ToString) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }

    /// Nobody answered: that says nothing about what is wanted, and may pass by itself.
    pub fn is_silence(&self) -> bool {
        matches!(
            self.code,
            Code::ConnectionLost
                | Code::ConnectionRefused
                | Code::ConnectionTimedOut
                | Code::HostUnreachable
                | Code::KubeUnreachable
                | Code::CloudflareUnreachable
        )
    }

    /// What was seen before the write is not what is there: a list was late, or somebody was quicker. Cloudflare refuses
    /// then, and looking again tells.
    pub fn is_overtaken(&self) -> bool {
        // A record that is gone, or is there already in one form or another; a tunnel's name; an application's place, a
        // policy or an application that is gone.
        const NUMBERS: [&str; 9] =
            ["81044", "81053", "81054", "81057", "81058", "1013", "12132", "12135", "11021"];
        self.code == Code::CloudflareRefused
            && self.args.get("number").is_some_and(|number| NUMBERS.contains(&number.as_str()))
    }

    /// The technical cause, or the code where there is none: for a sentence about something else.
    pub fn reason(&self) -> String {
        self.detail.clone().unwrap_or_else(|| self.code.word())
    }

    /// Keeps the technical cause; never put a secret here.
    pub fn detail(mut self, cause: impl ToString) -> Self {
        self.detail = Some(cause.to_string());
        self
    }
}

impl std::fmt::Display for Problem {
    /// For logs and test failures; a person reads the sentence of `api::english` instead.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} {}", self.code, self.args, self.detail.as_deref().unwrap_or(""))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_travel_as_kebab_case_words() {
        assert_eq!(Code::CgroupV1Refused.word(), "cgroup-v1-refused");
        assert_eq!(serde_json::to_string(&Code::HostKeyChanged).unwrap(), "\"host-key-changed\"");
    }
}
