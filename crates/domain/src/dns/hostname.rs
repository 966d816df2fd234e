//! What a hostname may be, and how it lies in a zone.
//!
//! Names are read once, from what a person typed, and are valid from then on: lower case, IDN as Punycode, no
//! trailing dot. Names that Cloudflare knows and Portico does not write (wildcards, underscores) are refused here.

use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// A validated DNS name: lower-case ASCII (IDN as Punycode), no trailing dot, at least two labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(as = "String")]
pub struct Hostname(String);

impl Hostname {
    /// Reads what a person typed. The problem's `reason` names the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let invalid = |reason: &str| {
            Err(Problem::new(Code::HostnameInvalid).arg("hostname", text).arg("reason", reason))
        };
        let trimmed = text.trim().trim_end_matches('.');
        if trimmed.is_empty() {
            return invalid("empty");
        }
        if trimmed.parse::<IpAddr>().is_ok() {
            return invalid("address");
        }
        if trimmed.starts_with("*.") || trimmed == "*" {
            return invalid("wildcard");
        }
        if trimmed.contains('_') {
            return invalid("underscore");
        }
        let Ok(ascii) = idna::domain_to_ascii_strict(trimmed) else {
            return invalid("characters");
        };
        if ascii.len() > 253 {
            return invalid("longer-than-253");
        }
        let labels: Vec<&str> = ascii.split('.').collect();
        if labels.len() < 2 {
            return invalid("one-label");
        }
        for label in &labels {
            if label.is_empty() {
                return invalid("empty-label");
            }
            if label.len() > 63 {
                return invalid("label-longer-than-63");
            }
            if label.starts_with('-') || label.ends_with('-') {
                return invalid("hyphen-at-the-edge");
            }
        }
        Ok(Self(ascii))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when this name is the zone's apex or lies below it.
    pub fn is_in(&self, zone: &str) -> bool {
        self.0 == zone || self.0.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
    }

    /// Whether Cloudflare's Universal SSL has a certificate for the name: the zone itself and one label below it.
    /// Only proxied names show that certificate.
    pub fn has_universal_ssl(&self, zone: &str) -> bool {
        let depth = |name: &str| name.split('.').count();
        self.is_in(zone) && depth(&self.0) <= depth(zone) + 1
    }

    /// Whether a rule or record for `pattern` (`*.example.com`, or a plain name) answers for this name. A leading
    /// asterisk stands for any number of labels, as it does in a tunnel's rules and for records below a wildcard.
    pub fn matches(&self, pattern: &str) -> bool {
        match pattern.strip_prefix("*.") {
            Some(suffix) => {
                self.0.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            None => self.0.eq_ignore_ascii_case(pattern.trim_end_matches('.')),
        }
    }
}

impl TryFrom<String> for Hostname {
    type Error = Problem;
    fn try_from(text: String) -> Result<Self, Problem> {
        Self::parse(&text)
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0
    }
}

impl std::fmt::Display for Hostname {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reason(text: &str) -> String {
        match Hostname::parse(text) {
            Ok(name) => format!("ok {name}"),
            Err(problem) => problem.args["reason"].clone(),
        }
    }

    #[test]
    fn hostnames_follow_the_rules_of_dns() {
        let long = "a".repeat(64);
        let deep = format!("{}.test", ["abcdefgh"; 30].join("."));
        for (text, expected) in [
            ("echo.example.test", "ok echo.example.test"),
            ("Echo.Example.TEST.", "ok echo.example.test"),
            ("münchen.example.test", "ok xn--mnchen-3ya.example.test"),
            ("a.b.c.example.test", "ok a.b.c.example.test"),
            ("", "empty"),
            ("echo", "one-label"),
            ("*.example.test", "wildcard"),
            ("my_app.example.test", "underscore"),
            ("192.168.1.4", "address"),
            ("a b.example.test", "characters"),
        ] {
            assert_eq!(reason(text), expected, "{text:?}");
        }
        for text in [format!("{long}.test"), deep, "a..test".into(), "-a.test".into(), "a-.test".into()] {
            assert!(Hostname::parse(&text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn one_label_below_the_zone_has_a_certificate_at_the_edge() {
        for (name, covered) in [
            ("example.test", true),
            ("echo.example.test", true),
            ("a.echo.example.test", false),
            ("echo.other.test", false),
        ] {
            assert_eq!(Hostname::parse(name).unwrap().has_universal_ssl("example.test"), covered, "{name}");
        }
    }

    #[test]
    fn a_wildcard_answers_at_any_depth_and_not_for_its_own_zone() {
        let name = |text| Hostname::parse(text).unwrap();
        for (host, pattern, hit) in [
            ("echo.example.test", "*.example.test", true),
            ("a.b.example.test", "*.example.test", true),
            ("example.test", "*.example.test", false),
            ("echo.example.test", "Echo.Example.Test", true),
            ("xecho.example.test", "*.cho.example.test", false),
        ] {
            assert_eq!(name(host).matches(pattern), hit, "{host} {pattern}");
        }
    }

    /// A label of a real-world name: letters of several scripts, digits, hyphens inside.
    fn label() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?",
            "[A-Z][a-z]{1,10}",
            "[a-zäöüßéñ]{1,12}",
            "[а-я]{1,10}",
            "[一-丁]{1,6}",
        ]
    }

    proptest! {
        /// Whatever is typed, the answer is a name that is legal in DNS or a refusal with a reason; never a panic.
        #[test]
        fn any_text_gives_a_legal_name_or_a_reason(text in "\\PC{0,300}") {
            match Hostname::parse(&text) {
                Ok(name) => legal(name.as_str()),
                Err(problem) => prop_assert!(!problem.args["reason"].is_empty()),
            }
        }

        #[test]
        fn what_was_read_reads_the_same_again(labels in prop::collection::vec(label(), 2..6)) {
            let text = labels.join(".");
            if let Ok(name) = Hostname::parse(&text) {
                legal(name.as_str());
                prop_assert_eq!(Hostname::parse(name.as_str()).unwrap(), name.clone());
                prop_assert_eq!(Hostname::parse(&format!(" {}. ", name.as_str().to_uppercase())).unwrap(), name);
            }
        }

        #[test]
        fn a_name_lies_in_its_parents_and_in_no_sibling(labels in prop::collection::vec("[a-z]{1,8}", 2..6)) {
            let name = Hostname::parse(&labels.join(".")).unwrap();
            for start in 0..labels.len() - 1 {
                prop_assert!(name.is_in(&labels[start..].join(".")));
            }
            let parent = labels[1..].join(".");
            let (sibling, glued) = (format!("x{}.{parent}", labels[0]), format!("x{parent}"));
            prop_assert!(!name.is_in(&sibling));
            prop_assert!(!name.is_in(&glued));
        }

        #[test]
        fn limits_are_kept_at_their_edge(length in 60usize..66, count in 3usize..6) {
            let label = "a".repeat(length);
            let name = vec![label.as_str(); count].join(".");
            let fits = length <= 63 && name.len() <= 253;
            prop_assert_eq!(Hostname::parse(&name).is_ok(), fits, "{} labels of {}", count, length);
        }
    }

    fn legal(name: &str) {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(name.len() <= 253 && name.contains('.'), "{name}");
        for label in name.split('.') {
            assert!((1..=63).contains(&label.len()) && label.bytes().all(inside), "{name}");
            assert!(!label.starts_with('-') && !label.ends_with('-'), "{name}");
        }
    }
}
