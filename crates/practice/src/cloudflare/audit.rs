//! Who changed which record, when, from what to what.
//!
//! Written in the same transaction as the change itself, so that a test can judge a client by what happened to
//! each record and not by what the client believes. Reads are not here; they are among the calls in `fault`.

use super::records::Record;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Create,
    Replace,
    Edit,
    Delete,
}

/// One change to one record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Unix milliseconds.
    pub at: i64,
    /// The name of the token.
    pub who: String,
    /// The name of the zone.
    pub zone: String,
    /// The id of the record.
    pub record: String,
    pub action: Action,
    pub before: Option<Record>,
    pub after: Option<Record>,
}
