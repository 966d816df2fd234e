//! A K3s that is there already: ours, someone else's, or what is left of an earlier one.
//!
//! A foreign K3s is never touched; taking one over is not offered. Old server data would be booted as if it
//! were the new cluster, which is why it stops the build while other leftovers only warn.

use super::{CheckCode, Finding, Severity, Subject};
use crate::facts::Owner;

const SERVER_DATA: &str = "/var/lib/rancher/k3s/server";

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let k3s = &subject.facts.k3s;
    if k3s.owner == Some(Owner::Portico) {
        let wanted = subject.machine.role.unit();
        if let Some(other) = k3s.units.iter().find(|unit| unit.name != wanted) {
            let finding = Finding::new(CheckCode::RoleDiffers, Severity::Stop);
            let uninstall = match other.name.as_str() {
                "k3s" => "/usr/local/bin/k3s-uninstall.sh",
                _ => "/usr/local/bin/k3s-agent-uninstall.sh",
            };
            findings.push(finding.arg("found", &other.name).arg("wanted", wanted).commands([uninstall]));
        }
        return;
    }
    if k3s.owner == Some(Owner::Foreign) || k3s.binary.is_some() || !k3s.units.is_empty() {
        let unit = k3s.units.first().map(|unit| unit.name.as_str()).unwrap_or("-");
        findings.push(
            Finding::new(CheckCode::ForeignK3s, Severity::Stop)
                .arg("version", k3s.version.as_deref().unwrap_or("?"))
                .arg("unit", unit),
        );
        return;
    }
    let (data, files): (Vec<&String>, Vec<&String>) =
        k3s.leftovers.iter().partition(|path| path.starts_with(SERVER_DATA));
    for (paths, check, severity) in
        [(data, CheckCode::LeftoverData, Severity::Stop), (files, CheckCode::LeftoverFiles, Severity::Warn)]
    {
        if !paths.is_empty() {
            let list = paths.iter().map(|path| path.as_str()).collect::<Vec<_>>();
            let remove = format!("rm -rf {}", list.join(" "));
            let finding = Finding::new(check, severity).arg("paths", list.join(", "));
            findings.push(finding.commands([remove.as_str()]));
        }
    }
}
