//! Since when a condition is there, whether that is long enough, and who already knows.
//!
//! One look that sees it is no news yet, and one that does not see it no end: both take a moment. A look that sees
//! nothing of the cluster ends nothing, nor does one that cannot make the test by which a condition was seen: what was
//! wrong is not over because it cannot be seen.

use super::table::kind;
use super::{Condition, Found, Hush, Look};
use crate::problem::Code;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many looks in a row have to miss it before it is over.
const MISSED: u32 = 2;

/// What people said of conditions and of what they are about; kept by the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Marks {
    /// By the condition's id.
    pub hushed: BTreeMap<String, Hush>,
    /// By the name of a machine, or a hostname: until when it is being worked on, unix ms.
    pub maintenance: BTreeMap<String, i64>,
}

impl Marks {
    /// Why nobody is told of the condition now.
    pub fn of(&self, condition: &Condition, now: i64) -> Option<Hush> {
        // A machine is the cause of what it touches; else all that is touched has to be worked on.
        let about = match condition.problem.args.get("node") {
            Some(node) => std::slice::from_ref(node),
            None => condition.hostnames.as_slice(),
        };
        let until = about.iter().map(|name| self.maintenance.get(name).copied().filter(|until| *until > now));
        let until = until.collect::<Option<Vec<_>>>().unwrap_or_default().into_iter().min();
        let own = self.hushed.get(&condition.id).copied();
        let own = own.filter(|hush| !matches!(hush, Hush::Snoozed { until } if *until <= now));
        own.or(until.map(|until| Hush::Maintenance { until }))
    }

    /// Forgets what has passed, and the yes to what is over. Whether anything was forgotten.
    pub fn prune(&mut self, present: impl Fn(&str) -> bool, now: i64) -> bool {
        let before = (self.hushed.len(), self.maintenance.len());
        self.hushed.retain(|id, hush| match hush {
            Hush::Acknowledged => present(id),
            Hush::Snoozed { until } | Hush::Maintenance { until } => *until > now,
        });
        self.maintenance.retain(|_, until| *until > now);
        before != (self.hushed.len(), self.maintenance.len())
    }
}

#[derive(Debug)]
struct Standing {
    found: Found,
    missed: u32,
    /// When it was seen last, unix ms. What was seen for a moment and cannot be seen since does not get worse by that.
    seen: i64,
}

/// What stands, look after look.
#[derive(Debug, Default)]
pub struct Ledger {
    standing: BTreeMap<String, Standing>,
}

impl Ledger {
    /// What stood when Portico ended: it goes on from the same moment if it is still there.
    pub fn resumed(kept: Vec<Condition>) -> Self {
        let standing = |condition: Condition| {
            let id = condition.id.clone();
            // It may have been told already.
            (id, Standing { found: Found { condition, by: BTreeSet::new() }, missed: 0, seen: i64::MAX })
        };
        Self { standing: kept.into_iter().map(standing).collect() }
    }

    /// Takes the next look.
    pub fn look(&mut self, look: Look) {
        let Look { found, unseen, blind } = look;
        let mut found: BTreeMap<String, Found> =
            found.into_iter().map(|found| (found.condition.id.clone(), found)).collect();
        self.standing.retain(|id, standing| {
            match found.remove(id) {
                Some(mut again) => {
                    let since = standing.found.condition.since;
                    let seen = std::mem::replace(&mut again.condition.since, since);
                    *standing = Standing { found: again, missed: 0, seen };
                }
                // In which network it is, this computer always sees.
                None if standing.found.condition.problem.code == Code::AwayFromHome => standing.missed += 1,
                None if blind || !standing.found.by.is_disjoint(&unseen) => {}
                None => standing.missed += 1,
            }
            standing.missed < MISSED
        });
        let new = |found: Found| Standing { seen: found.condition.since, found, missed: 0 };
        self.standing.extend(found.into_iter().map(|(id, found)| (id, new(found))));
    }

    pub fn holds(&self, id: &str) -> bool {
        self.standing.contains_key(id)
    }

    /// All that stands, to be kept.
    pub fn all(&self) -> Vec<Condition> {
        self.standing.values().map(|standing| standing.found.condition.clone()).collect()
    }

    /// What the last look showed, or could not see the end of.
    pub fn present(&self) -> Vec<Condition> {
        let present = self.standing.values().filter(|standing| standing.missed == 0);
        present.map(|standing| standing.found.condition.clone()).collect()
    }

    /// What has lasted long enough to speak of, the worst first. `now` is unix ms.
    pub fn conditions(&self, marks: &Marks, now: i64) -> Vec<Condition> {
        let lasts = |standing: &&Standing| {
            let condition = &standing.found.condition;
            let patience = kind(condition.problem.code).map_or(0, |kind| i64::from(kind.patience) * 1_000);
            now.min(standing.seen).saturating_sub(condition.since) >= patience
        };
        let standing = self.standing.values().filter(lasts).map(|standing| &standing.found.condition);
        let marked =
            |condition: &Condition| Condition { hushed: marks.of(condition, now), ..condition.clone() };
        let mut shown: Vec<Condition> = standing.map(marked).collect();
        shown.sort_by(|a, b| (b.severity, a.since, &a.id).cmp(&(a.severity, b.since, &b.id)));
        shown
    }
}
