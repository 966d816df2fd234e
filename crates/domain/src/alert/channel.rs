//! Where messages go, and the rules for all of them: quiet hours, a digest, how many an hour.
//!
//! No secret is here. A webhook's address may carry one, so that it is kept like a password and only its host is known.

use super::Moment;
use crate::condition::Severity;
use crate::credential::CredentialKind;
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// Version of the rules' document.
pub const VERSION: u32 = 1;

const MINUTES_OF_A_DAY: u16 = 24 * 60;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "AlertChannel")]
pub struct Channel {
    /// Empty for one that is not kept yet.
    pub id: String,
    pub name: String,
    pub on: bool,
    /// What is less bad is not told here.
    pub from: Severity,
    pub way: Way,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[ts(rename = "AlertWay")]
pub enum Way {
    Email {
        host: String,
        port: u16,
        encryption: Encryption,
        /// Absent where the server asks for no login.
        user: Option<String>,
        sender: String,
        recipient: String,
    },
    Ntfy {
        /// Base URL.
        server: String,
        topic: String,
    },
    Webhook {
        /// Of the address, which is a secret itself.
        host: String,
    },
}

/// How the way to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "MailEncryption")]
pub enum Encryption {
    /// From the first byte, usually on port 465.
    Tls,
    /// After a greeting, usually on port 587; never left out.
    Starttls,
    /// On this computer alone.
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    pub version: u32,
    pub channels: Vec<Channel>,
    #[serde(flatten)]
    pub timing: Timing,
}

/// When messages are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "AlertTiming")]
pub struct Timing {
    pub quiet: Option<Quiet>,
    /// When all that stands is told once a day, in minutes after local midnight.
    pub digest: Option<u16>,
    /// Messages to one channel at the most; what is more waits and comes as one.
    pub per_hour: u16,
}

/// Hours in which messages are held back until they end. May lie over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "QuietHours")]
pub struct Quiet {
    /// Minutes after local midnight; the first minute that is quiet.
    pub from: u16,
    /// The first that is not.
    pub until: u16,
    /// What is as bad as this is told all the same.
    pub through: Option<Severity>,
}

impl Default for Rules {
    fn default() -> Self {
        let timing = Timing { quiet: None, digest: None, per_hour: 12 };
        Self { version: VERSION, channels: Vec::new(), timing }
    }
}

impl Quiet {
    pub fn holds(&self, minute: u16) -> bool {
        if self.from <= self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

impl Rules {
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub(super) fn is_quiet(&self, moment: Moment) -> bool {
        self.timing.quiet.is_some_and(|quiet| quiet.holds(moment.minute))
    }
}

impl Timing {
    /// # Errors
    /// [`Code::FieldInvalid`] with the field: `quietFrom`, `quietUntil`, `digest` or `perHour`.
    pub fn check(&self) -> Result<(), Problem> {
        let quiet = self.quiet;
        for (field, minute) in [
            ("quietFrom", quiet.map(|quiet| quiet.from)),
            ("quietUntil", quiet.map(|quiet| quiet.until)),
            ("digest", self.digest),
        ] {
            if let Some(minute) = minute.filter(|minute| *minute >= MINUTES_OF_A_DAY) {
                return Err(invalid(field, minute, "22:00"));
            }
        }
        if let Some(quiet) = quiet.filter(|quiet| quiet.from == quiet.until) {
            return Err(invalid("quietUntil", clock(quiet.until), "07:00"));
        }
        // It would be held back until quiet hours end, which is a digest already.
        if let (Some(digest), Some(quiet)) = (self.digest, quiet)
            && quiet.holds(digest)
        {
            return Err(invalid("digest", clock(digest), &clock(quiet.until)));
        }
        if !(1..=60).contains(&self.per_hour) {
            return Err(invalid("perHour", self.per_hour, "12"));
        }
        Ok(())
    }
}

impl Channel {
    /// Judges what was typed; `has_secret` is whether there is one to be sent along.
    ///
    /// # Errors
    /// [`Code::FieldInvalid`] with the field and an example, [`Code::AlertUnencrypted`].
    pub fn check(&self, has_secret: bool) -> Result<(), Problem> {
        if self.name.trim().is_empty() {
            return Err(invalid("name", &self.name, "Phone"));
        }
        match &self.way {
            Way::Email { host, port, encryption, user, sender, recipient } => {
                if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@".contains(c)) {
                    return Err(invalid("host", host, "smtp.example.com"));
                }
                if *port == 0 {
                    return Err(invalid("port", port, "465"));
                }
                if user.as_ref().is_some_and(|user| user.trim().is_empty()) {
                    return Err(invalid("user", "", "me@example.com"));
                }
                for (field, address) in [("sender", sender), ("recipient", recipient)] {
                    if !is_mail_address(address) {
                        return Err(invalid(field, address, "me@example.com"));
                    }
                }
                if *encryption == Encryption::None && !is_loopback(host) {
                    return Err(unencrypted("encryption", host));
                }
            }
            Way::Ntfy { server, topic } => {
                let host = host_of(server).ok_or_else(|| invalid("server", server, "https://ntfy.sh"))?;
                if has_secret && server.starts_with("http://") && !is_loopback(host) {
                    return Err(unencrypted("server", host));
                }
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
                if !(1..=64).contains(&topic.len()) || !topic.chars().all(plain) {
                    return Err(invalid("topic", topic, "homelab-x7k2m9"));
                }
            }
            Way::Webhook { .. } => {}
        }
        Ok(())
    }
}

impl Way {
    /// To whom a secret is shown. It is typed anew for another one.
    pub fn confidant(&self) -> &str {
        match self {
            Way::Email { host, .. } | Way::Webhook { host } => host,
            Way::Ntfy { server, .. } => server,
        }
    }

    /// What the secret of this way is: a password, a token, a key to sign with.
    pub fn secret(&self) -> CredentialKind {
        match self {
            Way::Email { .. } => CredentialKind::SmtpPassword,
            Way::Ntfy { .. } => CredentialKind::NtfyToken,
            Way::Webhook { .. } => CredentialKind::WebhookKey,
        }
    }

    /// All that is kept for it outside its document.
    pub fn secrets(&self) -> &'static [CredentialKind] {
        match self {
            Way::Email { .. } => &[CredentialKind::SmtpPassword],
            Way::Ntfy { .. } => &[CredentialKind::NtfyToken],
            Way::Webhook { .. } => &[CredentialKind::WebhookUrl, CredentialKind::WebhookKey],
        }
    }
}

/// A secret would go over the network for all to read.
fn unencrypted(field: &str, address: &str) -> Problem {
    Problem::new(Code::AlertUnencrypted).arg("field", field).arg("address", address)
}

fn invalid(field: &str, value: impl ToString, example: &str) -> Problem {
    Problem::new(Code::FieldInvalid).arg("field", field).arg("value", value).arg("example", example)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Enough to catch what was typed into the wrong field; the mail server judges the rest.
fn is_mail_address(text: &str) -> bool {
    let whole = !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c));
    whole && text.rsplit_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

/// The host, with its port where one is named, of an http or https address without a login in it.
pub fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let whole = !url.contains(|c: char| c.is_whitespace() || c.is_control());
    (whole && !host.is_empty() && !host.contains('@')).then_some(host)
}

/// Whether a host, with or without a port, is this computer: what is sent there, nobody else can read.
pub fn is_loopback(host: &str) -> bool {
    let is = |name: &str| {
        name.eq_ignore_ascii_case("localhost")
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    is(host) || host.rsplit_once(':').is_some_and(|(name, _)| is(name))
}
