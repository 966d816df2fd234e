//! Clocks that disagree, before there is a cluster: what each machine says its time is.

use super::{CheckCode, Finding, Severity, Subject};
use crate::clock::middle;

const STOP_MS: i64 = 30_000;
/// Below this it may as well be the way of the answer.
const WARN_MS: i64 = 2_000;
/// No clock is further off than this is long: a machine may say any number.
const FAR_MS: i64 = i64::MAX / 4;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if subject.facts.time_synchronised == Some(false) {
        let finding = Finding::new(CheckCode::ClockNotSynchronised, Severity::Warn);
        findings.push(finding.commands(["timedatectl set-ntp true"]));
    }
    let skew = |name: &str| {
        let reading = subject.readings.get(name)?;
        Some(reading.facts.time_epoch_ms?.saturating_sub(reading.at).clamp(-FAR_MS, FAR_MS))
    };
    let Some(own) = skew(&subject.machine.name) else { return };
    let machines: Vec<i64> =
        subject.document.machines.iter().filter_map(|machine| skew(&machine.name)).collect();
    let middle = middle(&machines);
    if let Some(severity) = severity(own - middle) {
        let seconds = (own - middle) / 1000;
        let finding = Finding::new(CheckCode::ClockSkew, severity).arg("seconds", seconds);
        findings.push(finding.commands(["timedatectl set-ntp true", "timedatectl timesync-status"]));
    } else if severity(middle).is_some() {
        // All agree but us. Nothing on the machine is wrong, yet the certificates will look wrong from here.
        let finding = Finding::new(CheckCode::OwnClockSkew, Severity::Warn);
        findings.push(finding.arg("seconds", middle / 1000));
    }
}

fn severity(skew: i64) -> Option<Severity> {
    match skew.abs() {
        ms if ms >= STOP_MS => Some(Severity::Stop),
        ms if ms >= WARN_MS => Some(Severity::Warn),
        _ => None,
    }
}
