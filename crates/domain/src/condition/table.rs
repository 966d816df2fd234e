//! The kinds of condition there are: what one is about, how patient to be with it, what puts it right.
//!
//! `docs/conditions.md` is written from this table and the sentences of the codes.

use super::Severity;
use crate::problem::Code;

/// What is known of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub code: Code,
    /// Where it is not as bad as what it is seen by: worth knowing only, or always bad.
    pub severity: Option<Severity>,
    /// It has to last so many seconds before anybody hears of it.
    pub patience: u32,
    /// The arguments that tell one from another of the same kind.
    pub about: &'static [&'static str],
    pub fix: Fix,
}

/// Which change would put a condition right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// None: the sentence says what to do by hand.
    Hand,
    /// Writing the records and routes anew.
    Reconcile,
    /// Exposing the service once more, as it was.
    Expose,
    /// Putting the component of this argument right.
    Repair(&'static str),
    /// Moving to the other ingress controller.
    MoveIngress,
}

const fn row(code: Code, patience: u32, about: &'static [&'static str], fix: Fix) -> Kind {
    Kind { code, severity: None, patience, about, fix }
}

const fn as_bad_as(severity: Severity, kind: Kind) -> Kind {
    Kind { severity: Some(severity), ..kind }
}

/// A worker or a pod that restarts is back by then.
const RESTART: u32 = 20;

/// What a resolver or an authority sorts out by itself.
const BY_ITSELF: u32 = 300;

use Fix::{Expose, Hand, MoveIngress, Reconcile, Repair};
use Severity::{Degraded, Down, Notice};

pub const KINDS: &[Kind] = &[
    // The cluster and its machines
    as_bad_as(Down, row(Code::KubeUnreachable, 10, &[], Hand)),
    as_bad_as(Down, row(Code::KubeRefused, 10, &["object"], Hand)),
    as_bad_as(Down, row(Code::NoReadyWorker, RESTART, &[], Hand)),
    row(Code::NodeNotReady, 5, &["node"], Hand),
    row(Code::NodePressure, 60, &["node", "pressure"], Hand),
    as_bad_as(Notice, row(Code::NodeCordoned, 0, &["node"], Hand)),
    as_bad_as(Degraded, row(Code::ClockSkewed, 60, &["machine"], Hand)),
    as_bad_as(Degraded, row(Code::OwnClockSkewed, 60, &[], Hand)),
    as_bad_as(Notice, row(Code::VersionsDiffer, BY_ITSELF, &["node"], Hand)),
    as_bad_as(Degraded, row(Code::ReleaseEnded, 0, &["release"], Hand)),
    as_bad_as(Degraded, row(Code::EtcdSilent, 60, &["machine"], Hand)),
    as_bad_as(Degraded, row(Code::NodeCertificateEnds, 0, &["machine"], Hand)),
    as_bad_as(Degraded, row(Code::ClusterKeyEnds, 0, &[], Hand)),
    // Workloads
    row(Code::WorkloadNotReady, RESTART, &["workload"], Hand),
    row(Code::ServiceMissing, RESTART, &["namespace", "service"], Hand),
    as_bad_as(Degraded, row(Code::ChartFailed, 0, &["chart"], Repair("chart"))),
    as_bad_as(Degraded, row(Code::WatcherSilent, 60, &[], Repair("gatus"))),
    as_bad_as(Notice, row(Code::HandEdited, 0, &["object"], Repair("component"))),
    row(Code::BackendSilent, RESTART, &["hostname"], Hand),
    row(Code::BackendFails, RESTART, &["hostname"], Hand),
    row(Code::RedirectLoop, RESTART, &["hostname"], Expose),
    row(Code::ProbeFailed, RESTART, &["address"], Hand),
    // The ingress
    as_bad_as(Notice, row(Code::IngressRetired, 0, &[], MoveIngress)),
    row(Code::IngressMissing, RESTART, &["hostname"], Expose),
    row(Code::IngressClassDiffers, RESTART, &["hostname"], Expose),
    // Names
    row(Code::RecordMissing, 10, &["hostname"], Reconcile),
    row(Code::ResolveFailed, 60, &["hostname"], Reconcile),
    row(Code::NameNotAtHome, 10, &["hostname"], Hand),
    row(Code::NegativeCache, 60, &["hostname"], Hand),
    row(Code::RebindingProtection, 60, &["hostname"], Hand),
    row(Code::ResolverStale, BY_ITSELF, &["hostname"], Hand),
    row(Code::ResolverDiffers, BY_ITSELF, &["hostname"], Hand),
    as_bad_as(Degraded, row(Code::WildcardRecord, 0, &["name"], Hand)),
    as_bad_as(Degraded, row(Code::EncryptedHello, BY_ITSELF, &["hostname"], Hand)),
    as_bad_as(Notice, row(Code::AwayFromHome, 0, &[], Hand)),
    as_bad_as(Degraded, row(Code::NetworkSilent, 20, &[], Hand)),
    as_bad_as(Down, row(Code::InternetAway, 60, &[], Hand)),
    as_bad_as(Down, row(Code::ResolverSilent, 30, &[], Hand)),
    // Certificates
    as_bad_as(Degraded, row(Code::CertificatePending, BY_ITSELF, &["certificate"], Hand)),
    as_bad_as(Degraded, row(Code::CertificateFailed, 0, &["certificate"], Hand)),
    row(Code::CertificateDiffers, 60, &["hostname"], Expose),
    as_bad_as(Down, row(Code::CertificateExpired, 0, &["hostname"], Hand)),
    as_bad_as(Degraded, row(Code::CertificateExpiring, 0, &["hostname"], Hand)),
    // The way in from the internet
    row(Code::TunnelMissing, 30, &["tunnel"], Repair("cloudflared")),
    row(Code::TunnelDown, 30, &["tunnel"], Hand),
    row(Code::RouteMissing, 30, &["hostname"], Reconcile),
    row(Code::RouteElsewhere, 30, &["hostname"], Reconcile),
    as_bad_as(Down, row(Code::AccessMissing, 0, &["hostname"], Expose)),
    row(Code::AccessDiffers, 0, &["hostname"], Expose),
    // What Portico itself needs
    as_bad_as(Degraded, row(Code::CloudflareUnreachable, 120, &[], Hand)),
    as_bad_as(Degraded, row(Code::CloudflareToken, 0, &[], Hand)),
    as_bad_as(Degraded, row(Code::CloudflareScope, 0, &["permission"], Hand)),
    as_bad_as(Notice, row(Code::CloudflareRateLimit, 60, &[], Hand)),
    as_bad_as(Notice, row(Code::TokenEnds, 0, &[], Hand)),
    as_bad_as(Degraded, row(Code::KeyringLocked, 60, &[], Hand)),
    as_bad_as(Degraded, row(Code::KeyringUnavailable, 60, &[], Hand)),
    as_bad_as(Notice, row(Code::SecretMissing, 60, &["secret"], Hand)),
    as_bad_as(Notice, row(Code::KeysNewer, 0, &[], Hand)),
    as_bad_as(Degraded, row(Code::StoreFailed, 0, &[], Hand)),
];

/// What is known of a code; `None` when it is no condition but an answer to something that was asked.
pub fn kind(code: Code) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == code)
}
