//! What a line of a preview says. Most lines are names, paths and settings, the same in every language; the rest is a phrase
//! with its arguments, which the window puts into its own words.

use crate::problem::word;
use crate::template;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A row for each phrase: its template in English, in which `{name}` stands for an argument.
macro_rules! phrases {
    ($($phrase:ident: $english:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "kebab-case")]
        pub enum Phrase {
            $($phrase,)*
        }

        impl Phrase {
            /// The phrase as it travels: a kebab-case word.
            pub fn word(self) -> String {
                word(self)
            }

            pub fn english(self) -> &'static str {
                match self {
                    $(Self::$phrase => $english,)*
                }
            }
        }
    };
}

phrases! {
    PodsAwaited: "{object}: waiting for its pods";
    AccountAwaited: "{object}: waiting for the authority's account";
    JobAwaited: "{chart}: waiting for the chart's job";
    TraefikAwaited: "traefik: waiting for K3s to install it";
    OtherToken: "{object}: another token";
    TunnelToken: "{object}: the token of {tunnel}";
    UnitInstalled: "{unit}: installed, enabled and started";
    UnitRestarted: "{unit}: restarted";
    JoinToken: "/etc/rancher/k3s/join-token (from {server})";
    Tunnel: "tunnel {tunnel}";
    RouteRule: "{hostname}: its rule";
    AccessApplication: "Access application {name}";
    AccessPolicyUnused: "Access policy {name}, which nothing uses";
    AccessOnlyThese: "{name}: only these addresses";
    AccessLetsIn: "    lets in {email}";
    RecordToTunnel: "CNAME {hostname} -> tunnel {tunnel}, proxied";
    RecordProxied: "{type} {hostname} -> {content}, proxied";
    RecordDnsOnly: "{type} {hostname} -> {content}, DNS only";
    ControllerUntried: "{controller}: every name is tried through it";
    ControllerSilent: "{hostname} does not answer through {controller} at {address} yet";
    Unresolved: "{hostname} does not resolve yet";
    UnresolvedTo: "{hostname} does not resolve to {address} yet";
    LanUntried: "http://{hostname}/ is asked over every address";
    LanSilent: "{hostname} does not answer at {address} yet";
    CertificateNotShown: "{hostname} does not show its certificate at {address} yet";
    CertificateOfOthers: "{hostname} does not show its certificate at {address} yet, but that of {names}";
    CertificateUnread: "{hostname} does not show its certificate at {address} yet: {why}";
    EdgeUntried: "https://{hostname}/ is asked through Cloudflare";
    EdgeSilent: "{hostname} does not answer through Cloudflare yet";
    EdgeAnswers: "{hostname} answers HTTP {status} through Cloudflare";
    LoginNotAsked: "{hostname} does not ask for a login yet";
    RedirectsToItself: "{hostname} redirects to itself";
}

/// A phrase and its arguments, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Said {
    pub phrase: Phrase,
    pub args: BTreeMap<String, String>,
}

/// A line's text in English, and what it is made of where it is a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub text: String,
    pub said: Option<Said>,
}

impl Phrase {
    pub fn of(self, args: &[(&str, &dyn ToString)]) -> Words {
        let args: BTreeMap<String, String> =
            args.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        let text = template::fill(self.english(), |name| args.get(name).map(String::as_str));
        Words { text, said: Some(Said { phrase: self, args }) }
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self { text, said: None }
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_says_itself_in_english_and_keeps_what_it_is_made_of() {
        let words = Phrase::UnresolvedTo.of(&[("hostname", &"a.home.arpa"), ("address", &"192.0.2.7")]);
        assert_eq!(words.text, "a.home.arpa does not resolve to 192.0.2.7 yet");
        let said = serde_json::to_value(words.said).unwrap();
        assert_eq!(
            said,
            serde_json::json!({"phrase": "unresolved-to", "args": {"hostname": "a.home.arpa", "address": "192.0.2.7"}})
        );
    }
}
