//! What is wrong now, as named conditions: one for each root cause, with what it touches and what would put it right.
//!
//! `read` takes one look and says what it shows, `table` what is known of each kind, `ledger` since when, and whether
//! that is long enough to speak of. Looking is `engine`'s, telling the shell's. What cannot be seen is no condition; that
//! it cannot be seen is one.

mod ledger;
mod read;
mod table;

pub use ledger::{Ledger, Marks};
pub(crate) use read::explains;
pub use read::{Found, Look, read};
pub use table::{Fix, KINDS, Kind, kind};

use crate::change::Change;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "ConditionSeverity")]
pub enum Severity {
    /// Worth knowing; everything works.
    Notice,
    /// It works, but less well or less safely than it should.
    Degraded,
    /// Something cannot be reached, or cannot be known.
    Down,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The code and what it is about: the same one is never there twice.
    pub id: String,
    pub problem: Problem,
    pub severity: Severity,
    /// Unix ms of the look that saw it first.
    #[ts(type = "number")]
    pub since: i64,
    /// The hostnames that it touches.
    pub hostnames: Vec<String>,
    /// The change that would put it right, to be previewed.
    pub fix: Option<Change>,
    /// Why nobody is told of it.
    pub hushed: Option<Hush>,
}

/// Somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Hush {
    /// Until it is over.
    Acknowledged,
    /// Until then, unix ms.
    Snoozed {
        #[ts(type = "number")]
        until: i64,
    },
    /// What it is about is being worked on, until then, unix ms.
    Maintenance {
        #[ts(type = "number")]
        until: i64,
    },
}

#[cfg(test)]
mod tests;
