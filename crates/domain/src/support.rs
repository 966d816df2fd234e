//! What is taken out of a report before it is given away: secrets, and whatever tells whose homelab it is.
//!
//! The same thing has the same stand-in everywhere, so that the report still shows what belongs together. Kept, because
//! nothing can be understood without them: addresses of the LAN, names of machines and services, versions, times.

use regex::{Captures, Regex};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

/// Whether a word is K3s' secure token, a Cloudflare token or the head of a PEM key.
pub fn looks_secret(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '-');
    word.starts_with("K10") && word.contains("::")
        || ["cfut_", "cfat_", "cfk_"].iter().any(|prefix| word.starts_with(prefix))
        || word.starts_with("-----BEGIN")
}

/// The text with each word that looks like a secret taken out.
pub fn without_secrets(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| if looks_secret(word) { "[redacted] " } else { word })
        .collect()
}

/// Stand-ins for what was met so far.
pub struct Mask {
    domains: Option<Regex>,
    met: BTreeMap<&'static str, Vec<String>>,
}

static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        // Not `pi@192.168.1.20`, which is a login.
        r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})",
        r"(?P<id>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32,64}\b)",
        r"(?P<mac>\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b)",
        r"(?P<v4>\b\d{1,3}(?:\.\d{1,3}){3}\b)",
        r"(?P<v6>\b[0-9a-fA-F]{1,4}:[0-9a-fA-F:]*:[0-9a-fA-F]{1,4}\b)",
        r"(?P<folder>/(?:home|Users)/[^/\s]+)",
    ];
    Regex::new(&shapes.join("|")).expect("the shapes are sound")
});

impl Mask {
    /// `hostnames` of services: the domains that they are below are the owner's.
    pub fn new<'a>(hostnames: impl IntoIterator<Item = &'a str>) -> Self {
        let parents = hostnames.into_iter().filter_map(|name| name.split_once('.').map(|(_, parent)| parent));
        let parents: BTreeSet<&str> = parents.collect();
        // The widest alone: what is below it is hidden with it.
        let is_below =
            |domain: &str, wider: &str| domain.strip_suffix(wider).is_some_and(|rest| rest.ends_with('.'));
        let widest = parents.iter().filter(|domain| !parents.iter().any(|wider| is_below(domain, wider)));
        let domains: Vec<String> = widest.map(|domain| regex::escape(domain)).collect();
        let domains = (!domains.is_empty()).then(|| {
            Regex::new(&format!(r"(?i)\b(?:{})\b", domains.join("|"))).expect("escaped names are sound")
        });
        Self { domains, met: BTreeMap::new() }
    }

    /// Goes over every text of a report, names of fields as well.
    pub fn report(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.report(value)).collect())
            }
            Value::Object(fields) => Value::Object(
                fields.into_iter().map(|(name, value)| (self.text(&name), self.report(value))).collect(),
            ),
            other => other,
        }
    }

    pub fn text(&mut self, text: &str) -> String {
        let text = without_secrets(text);
        let text = SHAPES.replace_all(&text, |found: &Captures<'_>| {
            let kind = ["mail", "id", "mac", "v4", "v6", "folder"]
                .into_iter()
                .find(|kind| found.name(kind).is_some());
            let whole = &found[0];
            match kind {
                Some("folder") => "~".to_owned(),
                // The maker is worth knowing.
                Some("mac") => format!("{}:xx:xx:xx", &whole[..8]),
                Some("v4" | "v6") => match whole.parse() {
                    Ok(address) if is_public(address) => self.stand_in("address", whole),
                    _ => whole.to_owned(),
                },
                Some(kind) => self.stand_in(kind, whole),
                None => whole.to_owned(),
            }
        });
        let Some(domains) = self.domains.take() else { return text.into_owned() };
        let masked = domains
            .replace_all(&text, |found: &Captures<'_>| self.stand_in("domain", &found[0].to_lowercase()));
        let masked = masked.into_owned();
        self.domains = Some(domains);
        masked
    }

    /// How many different things of each kind were taken out.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.met.iter().map(|(kind, met)| (*kind, met.len())).collect()
    }

    fn stand_in(&mut self, kind: &'static str, whole: &str) -> String {
        let met = self.met.entry(kind).or_default();
        let at = met.iter().position(|known| known == whole).unwrap_or_else(|| {
            met.push(whole.to_owned());
            met.len() - 1
        });
        // A domain stays part of a name.
        if kind == "domain" { format!("domain-{}.example", at + 1) } else { format!("[{kind} {}]", at + 1) }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        // Global addresses begin with 2 or 3; a homelab's own prefix tells where it is.
        IpAddr::V6(v6) => v6.segments()[0] >> 13 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_tells_whose_it_is_has_stand_ins_and_the_rest_stays() {
        let mut mask = Mask::new(["echo.lab.example.org", "www.example.org", "nas.home.arpa"]);
        for (text, expected) in [
            ("https://echo.lab.example.org/x", "https://echo.lab.domain-1.example/x"),
            ("WWW.Example.org. and notexample.org", "WWW.domain-1.example. and notexample.org"),
            ("nas.home.arpa", "nas.domain-2.example"),
            ("pi@192.168.1.20:22 on 10.42.0.7", "pi@192.168.1.20:22 on 10.42.0.7"),
            ("from 203.0.113.9 and 203.0.113.9", "from [address 1] and [address 1]"),
            ("2001:db8:1::17, fe80::1, fd00::2", "[address 2], fe80::1, fd00::2"),
            ("me@example.net", "[mail 1]"),
            ("tunnel 6ff42ae2-765d-4adf-8112-31c55c1551ef", "tunnel [id 1]"),
            ("dc:a6:32:01:02:03", "dc:a6:32:xx:xx:xx"),
            ("/home/ada/.ssh/id_ed25519", "~/.ssh/id_ed25519"),
            ("v1.34.4+k3s1 at 12:30:45", "v1.34.4+k3s1 at 12:30:45"),
            ("token K10abc::server:x", "token [redacted] "),
        ] {
            assert_eq!(expected, mask.text(text), "{text}");
        }
        assert_eq!(mask.counts()["address"], 2);
        assert_eq!(
            mask.report(json!({ "www.example.org": [1, "me@example.net"] })),
            json!({ "www.domain-1.example": [1, "[mail 1]"] })
        );
    }

    proptest! {
        #[test]
        fn no_domain_mail_or_token_survives_in_any_surroundings(before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
            let mut mask = Mask::new(["echo.secret-home.net"]);
            let said = mask.text(&format!("{before} cfut_abc me@secret-home.net 198.51.100.7 echo.secret-home.net {after}"));
            for hidden in ["secret-home", "cfut_abc", "198.51.100.7"] {
                prop_assert!(!said.contains(hidden), "{}", said);
            }
        }
    }
}
