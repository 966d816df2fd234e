//! The watcher: who looks at the services from inside the cluster while Portico does not run.
//!
//! It is Gatus, a program of somebody else's, told once a minute to ask what [`checks`] says. What it saw is read back and
//! joined by `history`; how it is installed says `objects`. Deliberately absent: what a hop on the way is like. An answer
//! at its end tells of the way as a whole.

mod objects;

pub use objects::{WATCHER_NAMESPACE, WATCHER_PORT, WATCHER_SERVICE, config, removal, watcher};

use crate::change::Desired;
use crate::exposure::{Exposure, Reach, Tls};
use crate::flow::Health;
use crate::history::{Sighting, path_of};
use crate::problem::{Code, Problem};
use serde::Deserialize;

/// Between two questions, s.
pub const WATCHED_EVERY_S: u32 = 60;

/// How many answers of each question are kept: those of seven days.
pub const KEPT_ANSWERS: u32 = 7 * 24 * 60;

/// One question that is asked again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Whose history its answers belong to: a path, or a hop.
    pub subject: String,
    /// Where the question comes from, as one word.
    pub group: &'static str,
    pub name: String,
    pub url: String,
    /// Which name is asked for, where the address is not the name's own.
    pub host: Option<String>,
    /// What its answers are told of.
    pub hostname: String,
    /// Its answers take as long as visitors wait.
    pub timed: bool,
}

impl Check {
    /// How Gatus calls it: group and name in lower case, with `-` instead of what a path could not hold. Dots were replaced
    /// by `!` before, so that no two names become one.
    pub fn key(&self) -> String {
        format!("{}_{}", self.group, self.name)
    }
}

/// What is asked about the services as they are wanted: of each the way from the controller on, of a public one the way that
/// visitors come, too. The first question is always there, since Gatus does not start without one.
pub fn checks(desired: &Desired) -> Vec<Check> {
    let controller = desired.ingress().service_host();
    let ingress = Check {
        subject: "ingress".into(),
        group: "cluster",
        name: "ingress".into(),
        url: format!("tcp://{controller}:80"),
        host: None,
        hostname: controller.into(),
        timed: false,
    };
    let of = |exposure: &Exposure| {
        let public = (exposure.reach == Reach::Public).then(|| Check {
            group: "public",
            url: format!("https://{}/", exposure.hostname),
            host: None,
            timed: true,
            ..inside(exposure, desired)
        });
        // A name that is passed through is told by its handshake alone, in which Gatus names the address: the tunnel
        // leads there, and a check past it would say nothing about the way.
        let passed = exposure.tls == Tls::Passthrough && public.is_some();
        let inside = (!passed).then(|| Check { timed: public.is_none(), ..inside(exposure, desired) });
        inside.into_iter().chain(public).collect::<Vec<_>>()
    };
    std::iter::once(ingress).chain(desired.exposures.iter().flat_map(of)).collect()
}

/// From the controller on; at the service itself where the controller goes by the name in the handshake.
fn inside(exposure: &Exposure, desired: &Desired) -> Check {
    let address = if exposure.tls == Tls::Passthrough {
        let (service, port) = exposure.service();
        format!("https://{service}.{}.svc.cluster.local:{port}/", exposure.namespace())
    } else {
        let tls = exposure.certificate(desired.stack.issuer()).is_some();
        format!("{}://{}/", if tls { "https" } else { "http" }, desired.ingress().service_host())
    };
    Check {
        subject: path_of(&exposure.name),
        group: "inside",
        name: exposure.name.replace('.', "!"),
        url: address,
        host: Some(exposure.hostname.to_string()),
        hostname: exposure.hostname.to_string(),
        timed: false,
    }
}

/// An answer as Gatus tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Answer {
    pub success: bool,
    /// Of HTTP; absent where there was no answer, and of a connection alone.
    #[serde(default)]
    pub status: Option<u16>,
    /// Nanoseconds.
    #[serde(default)]
    pub duration: u64,
    #[serde(default)]
    pub errors: Vec<String>,
}

impl Check {
    /// What an answer says that came at an instant (unix ms). An answer with an error is none, whatever it says besides.
    pub fn sighting(&self, at: i64, answer: &Answer) -> Sighting {
        let served =
            answer.success && answer.errors.is_empty() && answer.status.is_none_or(|status| status < 500);
        let millis = u32::try_from(answer.duration / 1_000_000).unwrap_or(u32::MAX);
        let evidence = || match (answer.status, answer.errors.first()) {
            (Some(status), _) => format!("HTTP {status}"),
            // The address is the watcher's way to ask and says nothing to people.
            (None, Some(error)) => error.rsplit("\": ").next().unwrap_or(error).to_owned(),
            (None, None) => "no connection".to_owned(),
        };
        Sighting {
            at,
            health: if served { Health::Up } else { Health::Down },
            reason: (!served).then(|| {
                let problem = Problem::new(Code::WatcherSaw).arg("hostname", &self.hostname);
                problem.arg("evidence", evidence())
            }),
            millis: (served && self.timed).then_some(millis),
        }
    }
}

#[cfg(test)]
mod tests;
