//! Who changed what, when, from what to what.
//!
//! Written in the same transaction as the change itself, so that a test can judge a client by what happened to
//! each record and route and not by what the client believes. Records have their own list, since most tests ask
//! for nothing else. Reads are not here; they are among the calls in `fault`. Secrets are not here either.

use super::auth::Caller;
use super::records::Record;
use super::{Cloud, State};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

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

/// What else can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    Tunnel,
    /// All the routes of a tunnel, since they are written as one.
    Configuration,
    AccessApp,
    AccessPolicy,
    IdentityProvider,
}

/// One change to one of the other things, as the API shows them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Unix milliseconds.
    pub at: i64,
    /// The name of the token.
    pub who: String,
    pub thing: Thing,
    /// The id of the thing; for a configuration, of its tunnel.
    pub id: String,
    pub action: Action,
    /// The hostnames whose routes differ, or those that the application stands or stood in front of; sorted.
    pub hostnames: Vec<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Cloud {
    /// Every change to every record since the start, oldest first.
    pub fn audit(&self) -> Vec<Entry> {
        self.state().audit.clone()
    }

    /// Every change to tunnels and their routes since the start, oldest first.
    pub fn tunnel_audit(&self) -> Vec<Change> {
        self.changes(|thing| matches!(thing, Thing::Tunnel | Thing::Configuration))
    }

    /// Every change to Access since the start, oldest first.
    pub fn access_audit(&self) -> Vec<Change> {
        self.changes(|thing| !matches!(thing, Thing::Tunnel | Thing::Configuration))
    }

    fn changes(&self, wanted: impl Fn(Thing) -> bool) -> Vec<Change> {
        self.state().changes.iter().filter(|change| wanted(change.thing)).cloned().collect()
    }
}

impl State {
    /// Notes a change from `before` to `after`; `None` is that the thing is not there.
    pub(super) fn note(
        &mut self,
        at: i64,
        caller: &Caller,
        thing: Thing,
        before: Option<Value>,
        after: Option<Value>,
    ) {
        let shown = after.as_ref().or(before.as_ref());
        let key = if thing == Thing::Configuration { "tunnel_id" } else { "id" };
        let id = shown.and_then(|shown| shown[key].as_str()).unwrap_or_default().to_owned();
        let action = match (&before, &after) {
            (None, _) => Action::Create,
            (_, None) => Action::Delete,
            _ if thing == Thing::Tunnel => Action::Edit,
            _ => Action::Replace,
        };
        let hostnames = hostnames(thing, before.as_ref(), after.as_ref()).into_iter().collect();
        let who = caller.name().to_owned();
        self.changes.push(Change { at, who, thing, id, action, hostnames, before, after });
    }
}

fn hostnames(thing: Thing, before: Option<&Value>, after: Option<&Value>) -> BTreeSet<String> {
    let list = |value: Option<&Value>, pointer: &str| -> Vec<Value> {
        value.and_then(|value| value.pointer(pointer)?.as_array().cloned()).unwrap_or_default()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match thing {
        Thing::Configuration => {
            let rules = [before, after].map(|side| list(side, "/config/ingress"));
            let of = |rules: &[Value], host: &str| -> Vec<Value> {
                rules.iter().filter(|rule| text(&rule["hostname"]) == host).cloned().collect()
            };
            let all: BTreeSet<String> = rules.iter().flatten().map(|rule| text(&rule["hostname"])).collect();
            all.into_iter().filter(|host| of(&rules[0], host) != of(&rules[1], host)).collect()
        }
        Thing::AccessApp => {
            let destinations = [before, after].into_iter().flat_map(|side| list(side, "/destinations"));
            destinations.map(|destination| text(&destination["uri"])).collect()
        }
        Thing::Tunnel | Thing::AccessPolicy | Thing::IdentityProvider => BTreeSet::new(),
    }
}
