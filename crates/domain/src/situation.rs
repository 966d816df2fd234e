//! What a rehearsal can make go wrong, as switches. Deliberately not here: how each is brought about, which is practice's.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum SituationKind {
    /// A machine is unplugged.
    MachineOff,
    /// A machine's disk has no room left.
    DiskFull,
    /// The homelab does not reach the Internet.
    InternetDown,
    /// Portico's token was revoked in Cloudflare's dashboard.
    TokenRevoked,
    /// Somebody added a proxied wildcard record to the zone.
    WildcardAdded,
    /// The certificate authority does not accept any proof.
    CertificateRefused,
    /// The router was told that all names of the home's domain lead to the workers.
    RouterTold,
}

/// One switch and whether it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Situation {
    pub kind: SituationKind,
    /// The machine or the zone that it is about.
    #[serde(default)]
    pub subject: Option<String>,
    pub on: bool,
}

/// A machine of the rehearsal and its made-up login, which everybody may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalLogin {
    pub name: String,
    pub address: String,
    pub user: String,
    /// Absent where only keys are taken.
    pub password: Option<String>,
    /// What a person would want to know before choosing the machine.
    pub note: String,
}

/// The rehearsal as a person sees it beside Portico's own pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    pub machines: Vec<RehearsalLogin>,
    pub situations: Vec<Situation>,
    pub post: RehearsalPost,
}

/// Where alerts can be sent in the rehearsal. All of it is made up, and everybody may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalPost {
    /// Of the mail server, without encryption.
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
    pub mailbox: String,
    /// Base URL of what is like ntfy.
    pub ntfy: String,
    pub topic: String,
    pub webhook: String,
    /// What came, the newest first.
    pub arrived: Vec<RehearsalMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalMessage {
    /// `mail`, `ntfy` or `webhook`.
    pub via: String,
    pub title: String,
}
