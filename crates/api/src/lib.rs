//! The one table of commands, shared by the window, the CLI and the loopback server of the tests.
//!
//! A command is `name(Request) -> Response`; errors are codes with arguments, never sentences. What the
//! commands do is `engine`'s business; here they are named, shaped for the wire, and their words looked up.

mod alerts;
pub mod checks;
mod draft;
pub mod english;
mod handlers;
mod links;
#[cfg(feature = "loopback")]
pub mod loopback;
mod open;
pub mod table;
pub mod typescript;
pub mod wire;
pub mod worlds;

pub use portico_engine::{
    Alerting, ConnectRequest, Connected, Endpoints, Engine, Interface, LoginMethod, Options, Pace,
    ScanRequest, SecretStore, Watch, system_clock,
};

use english::Beside;
use portico_domain::change::Plan;
use portico_domain::problem::{Code, Problem};
use portico_domain::support::without_secrets;
use portico_engine::Words;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use ts_rs::TS;

/// What a failed command answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    pub code: Code,
    pub args: BTreeMap<String, String>,
    /// The technical cause, without secrets.
    pub detail: Option<String>,
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        let Problem { code, args, detail } = redacted(problem);
        Self { code, args, detail }
    }
}

/// Takes out what looks like a token: the last net below types that cannot carry one.
pub fn redacted(mut problem: Problem) -> Problem {
    problem.detail = problem.detail.map(|detail| without_secrets(&detail));
    problem.args.values_mut().for_each(|value| *value = without_secrets(value));
    problem
}

/// The commands over one engine.
#[derive(Clone)]
pub struct Api {
    pub engine: Engine,
    /// True when the endpoints are a rehearsal's.
    practice: bool,
    /// Whether a rehearsal can be opened beside it.
    can_practise: bool,
    /// Plans that were shown and may be applied, by id.
    plans: Arc<Mutex<HashMap<String, Plan>>>,
    /// What is said beside the window, in the language of the last that opened; before, in English.
    words: Arc<Mutex<Beside>>,
}

impl Api {
    pub fn new(engine: Engine, practice: bool) -> Self {
        Self { engine, practice, can_practise: false, plans: Arc::default(), words: Arc::default() }
    }

    /// Looks again and again and tells what is wrong, to the window and beyond this computer, until the returned value is
    /// dropped. Must be called inside a Tokio runtime.
    pub fn watch(&self) -> (Watch, Alerting) {
        (self.engine.watch(), self.engine.alert(self.letters()))
    }

    /// Takes the words in which alerts are told from now on.
    pub fn speak(&self, words: Beside) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }

    fn letters(&self) -> Words {
        let words = self.words.clone();
        Arc::new(move |message, homelab| {
            words.lock().unwrap_or_else(PoisonError::into_inner).letter(message, homelab)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_leave_in_an_error() {
        let problem = Problem::new(Code::Internal)
            .arg("line", "token K10abc::server:xyz refused")
            .detail("sent cfut_abcdef to the API");
        let error = ApiError::from(problem);
        assert_eq!(error.args["line"], "token [redacted] refused");
        assert_eq!(error.detail.as_deref(), Some("sent [redacted] to the API"));
    }
}
