//! References to secrets, the one type that may hold a secret while it is used, and host keys.
//!
//! A [`Secret`] cannot be printed, compared, cloned or serialised, and is zeroed on drop: what cannot be
//! done by accident does not have to be reviewed for. A [`Credential`] names a secret without holding it, so
//! that documents and the window can speak of it. Where secrets are kept is `world::secrets`' business.

use crate::dns::Zone;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zeroize::Zeroizing;

/// A secret in memory: a password, a passphrase, a token.
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The text, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A second copy, said aloud: `Clone` would let one slip in.
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What a stored secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    SshPassword,
    SshPassphrase,
    SudoPassword,
    CloudflareToken,
    /// The narrower token that goes into the cluster.
    ClusterToken,
    SmtpPassword,
    NtfyToken,
    /// Whoever knows it can send there.
    WebhookUrl,
    /// What a webhook's messages are signed with.
    WebhookKey,
}

impl CredentialKind {
    fn word(self) -> &'static str {
        match self {
            Self::SshPassword => "ssh-password",
            Self::SshPassphrase => "ssh-passphrase",
            Self::SudoPassword => "sudo-password",
            Self::CloudflareToken => "cloudflare-token",
            Self::ClusterToken => "cluster-token",
            Self::SmtpPassword => "smtp-password",
            Self::NtfyToken => "ntfy-token",
            Self::WebhookUrl => "webhook-url",
            Self::WebhookKey => "webhook-key",
        }
    }
}

/// The name of a stored secret: its kind, and whose it is (a host's identity, an account's name).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    pub kind: CredentialKind,
    pub id: String,
}

impl Credential {
    pub fn new(kind: CredentialKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// The name under which a keyring keeps it, such as `ssh-password/HOSTID`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind.word(), self.id)
    }
}

/// What keeps secrets beyond this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Keyring {
    /// Of the desktop on Linux, such as GNOME Keyring and KWallet.
    SecretService,
    /// macOS.
    Keychain,
    /// Windows.
    CredentialManager,
    /// Nothing does, as in a rehearsal: what is to be remembered is in memory, too.
    Memory,
}

/// Where one secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    Keyring,
    ThisRun,
    Nowhere,
    /// The keyring could not be asked.
    Unknown,
}

/// Whose an API token of Cloudflare's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    User,
    Account,
}

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Without it there is no use for the token.
    Always,
    /// For services that the internet can reach.
    Public,
    /// For a login in front of them.
    Access,
}

/// One permission, in the words of Cloudflare's dashboard, and whether the token has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Capability {
    pub permission: String,
    pub need: Need,
    /// The zone that it is about; empty for an account's.
    pub place: String,
    pub granted: bool,
}

/// What was found out about a token by using it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenReport {
    pub kind: TokenKind,
    /// RFC 3339.
    pub expires_on: Option<String>,
    pub zones: Vec<Zone>,
    pub capabilities: Vec<Capability>,
}

impl TokenReport {
    /// The first permission that is missing for `needs`.
    pub fn lacks(&self, needs: &[Need]) -> Option<&Capability> {
        self.capabilities.iter().find(|capability| !capability.granted && needs.contains(&capability.need))
    }

    /// More than a cluster needs to answer challenges.
    pub fn is_wide(&self) -> bool {
        self.capabilities.iter().any(|capability| capability.granted && capability.need != Need::Always)
    }
}

/// The public key by which an SSH server proves who it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostKey {
    /// The algorithm's name, such as `ssh-ed25519`.
    pub kind: String,
    /// `SHA256:` and unpadded base64, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The key itself as OpenSSH writes it (`ssh-ed25519 AAAA…`), without a comment.
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_named_by_its_kind_and_owner() {
        let name = |kind| Credential::new(kind, "9f2c").name();
        assert_eq!(name(CredentialKind::SshPassword), "ssh-password/9f2c");
        assert_eq!(name(CredentialKind::CloudflareToken), "cloudflare-token/9f2c");
    }

    #[test]
    fn the_name_in_the_keyring_is_the_kind_on_the_wire() {
        for kind in [
            CredentialKind::SshPassword,
            CredentialKind::SshPassphrase,
            CredentialKind::SudoPassword,
            CredentialKind::CloudflareToken,
            CredentialKind::ClusterToken,
            CredentialKind::SmtpPassword,
            CredentialKind::NtfyToken,
            CredentialKind::WebhookUrl,
            CredentialKind::WebhookKey,
        ] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.word()));
        }
    }
}
