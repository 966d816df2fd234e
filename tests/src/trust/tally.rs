//! The table: what was run, and what went wrong.

use super::case::Report;
use std::collections::BTreeSet;
use std::fmt;

#[derive(Default)]
pub struct Tally {
    pub cases: usize,
    pub changes: usize,
    pub struck: usize,
    pub kills: usize,
    pub cancels: usize,
    pub edits: usize,
    pub seconds: usize,
    pub stale: usize,
    pub foreign: usize,
    pub records: usize,
    pub hostnames: usize,
    pub told: usize,
    pub open: usize,
    pub calm: usize,
    pub unreached: usize,
    /// Which faults struck which calls.
    pub pairs: BTreeSet<String>,
    /// Seeds of cases in which something was wrong.
    pub failing: Vec<u64>,
}

impl Tally {
    pub fn add(&mut self, seed: u64, report: Report) {
        if !report.is_clean() {
            self.failing.push(seed);
        }
        let findings = &report.findings;
        self.cases += 1;
        self.changes += report.changes;
        self.struck += report.struck;
        self.kills += report.kills;
        self.cancels += report.cancels;
        self.edits += report.edits;
        self.seconds += report.seconds;
        self.stale += report.stale;
        self.foreign += findings.foreign.len();
        self.records += findings.records.len();
        self.hostnames += findings.hostnames.len();
        self.told += findings.told.len();
        self.open += findings.open.len();
        self.calm += report.calm.len();
        self.unreached += usize::from(!report.unreached.is_empty());
        self.pairs.extend(report.pairs);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "| what | count | wanted |\n|---|---|---|")?;
        let pairs = self.pairs.len();
        for (what, count, wanted) in [
            ("cases run", self.cases, ""),
            ("changes in them", self.changes, ""),
            ("calls struck by a fault", self.struck, ""),
            ("different pairs of call and fault", pairs, ""),
            ("kills", self.kills, ""),
            ("cancels", self.cancels, ""),
            ("edits by hand", self.edits, ""),
            ("second Porticos", self.seconds, ""),
            ("changes with stale lists", self.stale, ""),
            ("foreign objects touched", self.foreign, "0"),
            ("records lost, doubled or left behind", self.records, "0"),
            ("tunnel hostnames lost", self.hostnames, "0"),
            ("names open before their login", self.open, "0"),
            ("changes without trouble that failed at first", self.calm, "0"),
            ("runs that did not reach the wanted state on continue", self.unreached, "0"),
            ("routes written over by two at once, and told", self.told, ""),
        ] {
            writeln!(out, "| {what} | {count} | {wanted} |")?;
        }
        Ok(())
    }
}
