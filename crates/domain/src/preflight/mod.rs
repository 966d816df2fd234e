//! Judging the facts of machines before anything is changed on them.
//!
//! Each check is a pure function over what was read; its result is a code, a severity, arguments and, where
//! there is one, a fix. Nothing is repaired here, and no sentence is written here. A fact that could not be
//! read is a finding of its own: unknown never passes as healthy.

mod clock;
mod existing;
mod firewall;
mod identity;
mod network;
mod ports;
mod system;

use crate::cluster::{ClusterDocument, InterfaceChoice, K3sVersion, Machine};
use crate::facts::MachineFacts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Every check that can speak up, as a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum CheckCode {
    /// `fact`: what could not be read.
    FactUnknown,
    /// `arch`
    ArchUnsupported,
    /// `os`
    OsUnproven,
    NoSystemd,
    /// `found`, `needed` in MiB; `role`
    MemoryLow,
    /// `found`, `needed`; `role`
    CpusFew,
    /// `found`, `needed` in MiB
    DiskLow,
    /// `size` in MiB
    SwapOn,
    CgroupMemoryOff,
    /// `version`
    CgroupV1,
    SelinuxPolicyMissing,
    /// `version`
    IptablesBuggy,
    /// `seconds`, positive when the machine's clock is ahead of most others
    ClockSkew,
    /// `seconds`, positive when this computer's clock is behind the machines
    OwnClockSkew,
    ClockNotSynchronised,
    /// `hostname`, `others`
    HostnameDuplicate,
    /// `hostname`
    HostnameUnusable,
    /// `others`
    MachineIdDuplicate,
    /// `interface`, `address`
    InterfaceChosen,
    /// `candidates`
    InterfaceUnclear,
    /// `wanted`
    InterfaceMissing,
    NoAddress,
    NoDefaultRoute,
    /// `interface`, `network`, `range`, `option`
    LanOverlap,
    /// `port`, `protocol`, `process`, `use`
    PortInUse,
    /// `firewall`, `missing`
    FirewallRules,
    /// `version`, `unit`
    ForeignK3s,
    /// `found`, `wanted`
    RoleDiffers,
    /// `paths`
    LeftoverData,
    /// `paths`
    LeftoverFiles,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Building the cluster would fail or do harm.
    Stop,
    /// It would work, but likely not well.
    Warn,
    Note,
}

/// What was found, by machine, worst first.
pub type Findings = BTreeMap<String, Vec<Finding>>;

/// What one check found on one machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub check: CheckCode,
    pub severity: Severity,
    pub args: BTreeMap<String, String>,
    pub fix: Option<Fix>,
}

/// What would make a finding go away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Fix {
    /// One edit of the kernel command line that Portico offers to make, then a reboot.
    CgroupCmdline { path: String, before: String, after: String },
    /// Commands for the owner to run as root; Portico does not run them.
    Commands { commands: Vec<String> },
    /// A choice to be made for `machines[].interface`.
    ChooseInterface { candidates: Vec<InterfaceChoice> },
    /// A value to set in the cluster document.
    SetOption { field: String, value: String },
}

/// The facts of a machine and the moment, by this computer's clock, at which they were true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub facts: MachineFacts,
    /// Unix milliseconds, best the middle between asking and the answer.
    #[ts(type = "number")]
    pub at: i64,
}

/// Everything that the checks look at. Machines that could not be read are simply not in `readings`.
#[derive(Debug, Clone, Copy)]
pub struct Inspection<'a> {
    pub document: &'a ClusterDocument,
    /// The release to install, with a channel already resolved.
    pub version: &'a K3sVersion,
    /// By machine name.
    pub readings: &'a BTreeMap<String, Reading>,
}

/// One machine as the checks see it.
#[derive(Clone, Copy)]
struct Subject<'a> {
    document: &'a ClusterDocument,
    version: &'a K3sVersion,
    readings: &'a BTreeMap<String, Reading>,
    machine: &'a Machine,
    facts: &'a MachineFacts,
}

impl Inspection<'_> {
    /// The findings of every machine that was read, worst first.
    pub fn findings(&self) -> BTreeMap<String, Vec<Finding>> {
        let names = self.document.machines.iter().map(|machine| machine.name.clone());
        names.filter_map(|name| Some((name.clone(), self.findings_of(&name)?))).collect()
    }

    /// The findings of one machine, worst first; nothing when it is not in the document or was not read.
    pub fn findings_of(&self, name: &str) -> Option<Vec<Finding>> {
        let subject = Subject {
            document: self.document,
            version: self.version,
            readings: self.readings,
            machine: self.document.machine(name)?,
            facts: &self.readings.get(name)?.facts,
        };
        let mut findings = Vec::new();
        system::check(&subject, &mut findings);
        clock::check(&subject, &mut findings);
        identity::check(&subject, &mut findings);
        network::check(&subject, &mut findings);
        ports::check(&subject, &mut findings);
        firewall::check(&subject, &mut findings);
        existing::check(&subject, &mut findings);
        findings.sort_by_key(|finding| finding.severity);
        Some(findings)
    }
}

impl Finding {
    fn new(check: CheckCode, severity: Severity) -> Self {
        Self { check, severity, args: BTreeMap::new(), fix: None }
    }

    fn arg(mut self, name: &str, value: impl ToString) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }

    fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    fn commands<const N: usize>(self, commands: [&str; N]) -> Self {
        self.fix(Fix::Commands { commands: commands.map(str::to_owned).to_vec() })
    }
}

impl Subject<'_> {
    fn is_server(&self) -> bool {
        self.machine.role == crate::cluster::Role::Server
    }

    /// The other machines that were read, in the document's order.
    fn others(&self) -> impl Iterator<Item = (&str, &MachineFacts)> {
        self.document
            .machines
            .iter()
            .filter(|other| other.name != self.machine.name)
            .filter_map(|other| Some((other.name.as_str(), &self.readings.get(&other.name)?.facts)))
    }
}

#[cfg(test)]
mod tests;
