//! What is said beside the window: in the tray, in notifications and in alerts.
//!
//! The English words are here, and go to the window with the others; a window hands back all of them in its own language,
//! with the sentences of the problems. Deliberately not here: when something is said, and how it is shown.

use super::letter::LetterWords;
use super::{Sentence, explain_by, sentence};
use portico_domain::alarm::Alarm;
use portico_domain::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Two sentences: a title with its text, or what happened with what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub what: String,
    pub next: String,
}

/// All the words. `{names}` and `{count}` are filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    pub open: String,
    pub quit: String,
    well: String,
    one_down: String,
    more_down: String,
    pub goes_on: Said,
    /// The window is gone, and alerts are told.
    pub keeps_watch: Said,
    pub done: Said,
    pub failed: Said,
    down: String,
    over: String,
    over_without_name: String,
    pub(super) letter: LetterWords,
    /// What a problem is called in the window; the English sentence where it hands over none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    problems: BTreeMap<Code, Said>,
}

impl Default for Beside {
    /// In English.
    fn default() -> Self {
        let said = |what: &str, next: &str| Said { what: what.into(), next: next.into() };
        Self {
            open: "Open Portico".into(),
            quit: "Quit".into(),
            well: "All services can be reached".into(),
            one_down: "One service cannot be reached".into(),
            more_down: "{count} services cannot be reached".into(),
            goes_on: said("Portico goes on", "The run ends without its window. The tray opens it again."),
            keeps_watch: said(
                "Portico keeps watch",
                "It looks after your homelab and sends alerts. The tray opens it again, and quits it.",
            ),
            done: said("Done", "What you asked for stands, and was checked."),
            failed: said("A run failed", "Portico says what happened, and how to go on."),
            down: "{names} cannot be reached".into(),
            over: "{names} can be reached again".into(),
            over_without_name: "It is over".into(),
            letter: LetterWords::default(),
            problems: BTreeMap::new(),
        }
    }
}

impl Beside {
    /// How it is when so many names cannot be reached.
    pub fn state(&self, down: usize) -> String {
        match down {
            0 => self.well.clone(),
            1 => self.one_down.clone(),
            more => self.more_down.replace("{count}", &more.to_string()),
        }
    }

    /// Title and text of an alarm.
    pub fn alarm(&self, alarm: &Alarm) -> (String, String) {
        let (hostnames, cause, title, over) = match alarm {
            Alarm::Down { hostnames, cause } => (hostnames, cause, &self.down, false),
            Alarm::Over { hostnames, cause } => (hostnames, cause, &self.over, true),
        };
        let (what, next) = self.explain(cause);
        match hostnames.as_slice() {
            [] if over => (self.over_without_name.clone(), what),
            [] => (what, next),
            names => {
                let text = if over { String::new() } else { format!("{what} {next}") };
                (title.replace("{names}", &names.join(", ")), text)
            }
        }
    }

    pub(super) fn explain(&self, problem: &Problem) -> (String, String) {
        explain_by(problem, |code| match self.problems.get(&code) {
            Some(Said { what, next }) => Sentence { what, next },
            None => sentence(code),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(hostnames: &[&str]) -> Alarm {
        let hostnames = hostnames.iter().map(|&name| name.to_owned()).collect();
        Alarm::Down { hostnames, cause: Problem::new(Code::NodeNotReady).arg("node", "pi-2") }
    }

    #[test]
    fn names_stand_in_the_title_and_the_cause_below_it() {
        let words = Beside::default();
        let (title, text) = words.alarm(&down(&["echo.test", "wiki.test"]));
        assert_eq!(title, "echo.test, wiki.test cannot be reached");
        assert!(text.starts_with("The node pi-2 is not Ready"), "{text}");
        assert!(words.alarm(&down(&[])).0.starts_with("The node pi-2 is not Ready"));
        assert_eq!(words.state(1), "One service cannot be reached");
        assert_eq!(words.state(12), "12 services cannot be reached");
    }

    #[test]
    fn a_window_in_another_language_brings_its_own_sentences() {
        let mut words = Beside { down: "{names}: nicht erreichbar".into(), ..Beside::default() };
        let said = Said { what: "Der Node {node} ist nicht bereit.".into(), next: "Ist er an?".into() };
        words.problems.insert(Code::NodeNotReady, said);
        let handed: Beside = serde_json::from_value(serde_json::to_value(&words).unwrap()).unwrap();
        let (title, text) = handed.alarm(&down(&["echo.test"]));
        assert_eq!(title, "echo.test: nicht erreichbar");
        assert_eq!(text, "Der Node pi-2 ist nicht bereit. Ist er an?");
    }
}
