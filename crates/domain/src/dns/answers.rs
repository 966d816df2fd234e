//! What the zone's own server, a public resolver and the system's answer for one name, and what a difference means.
//!
//! The authoritative answer is the truth of the record; the others are what visitors get. Each difference has a
//! cause with a name and a way out, or is left to time.

use super::Hostname;
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// The addresses that three kinds of resolver give for a name; an empty list is the answer "no such name".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Answers {
    pub authoritative: Result<Vec<IpAddr>, Problem>,
    pub public: Result<Vec<IpAddr>, Problem>,
    pub system: Result<Vec<IpAddr>, Problem>,
}

impl Answers {
    /// The authoritative ones; `None` where that server could not be asked.
    pub fn authoritative(&self) -> Option<&[IpAddr]> {
        self.authoritative.as_deref().ok()
    }

    /// Why, where no resolver could be asked.
    pub fn missing(&self) -> Option<&Problem> {
        let others = self.public.is_err() && self.system.is_err();
        self.authoritative.as_ref().err().filter(|_| others)
    }
}

/// Why a visitor would not get what the record says; nothing when all three agree.
///
/// A public resolver that does not answer at all explains nothing and is not held against the name.
pub fn explain(hostname: &Hostname, answers: &Answers) -> Option<Problem> {
    let problem = |code| {
        let text = |addresses: &Result<Vec<IpAddr>, Problem>| match addresses {
            Ok(found) => found.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", "),
            Err(_) => String::new(),
        };
        Problem::new(code)
            .arg("hostname", hostname)
            .arg("expected", text(&answers.authoritative))
            .arg("found", text(&answers.system))
    };
    let truth = answers.authoritative.as_ref().ok()?;
    let system = answers.system.as_ref().ok()?;
    if truth.is_empty() {
        return Some(problem(Code::RecordMissing));
    }
    if same(truth, system) {
        return None;
    }
    let public = answers.public.as_ref().ok();
    Some(problem(match (system.is_empty(), public) {
        // Everybody else sees the private addresses, the router hides them: protection against DNS rebinding.
        (true, Some(public)) if same(truth, public) && truth.iter().all(is_private) => {
            Code::RebindingProtection
        }
        // "No such name" was remembered before the record was made.
        (true, _) => Code::NegativeCache,
        (false, Some(public)) if same(system, public) => Code::ResolverStale,
        (false, _) => Code::ResolverDiffers,
    }))
}

fn same(one: &[IpAddr], other: &[IpAddr]) -> bool {
    one.len() == other.len() && one.iter().all(|address| other.contains(address))
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_has_its_cause() {
        let name = Hostname::parse("echo.example.test").unwrap();
        let list = |text: &str| Ok(text.split_whitespace().map(|a| a.parse().unwrap()).collect());
        let (old, new) = ("10.0.0.9", "10.0.0.2 10.0.0.3");
        for (authoritative, public, system, expected) in [
            (new, new, new, None),
            ("", "", "", Some(Code::RecordMissing)),
            (new, new, "", Some(Code::RebindingProtection)),
            (new, "", "", Some(Code::NegativeCache)),
            ("104.16.0.1", "104.16.0.1", "", Some(Code::NegativeCache)),
            (new, old, old, Some(Code::ResolverStale)),
            (new, new, old, Some(Code::ResolverDiffers)),
            ("10.0.0.2 10.0.0.3", "", "10.0.0.3 10.0.0.2", None),
        ] {
            let answers =
                Answers { authoritative: list(authoritative), public: list(public), system: list(system) };
            let found = explain(&name, &answers).map(|problem| problem.code);
            assert_eq!(found, expected, "{authoritative:?} {public:?} {system:?}");
        }
        let silent = Err(Problem::new(Code::ResolveFailed));
        let answers = Answers { authoritative: silent.clone(), public: list(new), system: list("") };
        assert_eq!(explain(&name, &answers), None, "who cannot be asked proves nothing");
        let answers = Answers { authoritative: list(new), public: silent, system: list("") };
        assert_eq!(explain(&name, &answers).map(|p| p.code), Some(Code::NegativeCache));
    }
}
