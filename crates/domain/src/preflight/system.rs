//! Hardware, operating system and kernel: what K3s itself needs from the machine.
//!
//! The bounds are those of K3s' requirements page, with room for the memory that firmware keeps for itself.

use super::{CheckCode, Finding, Fix, Severity, Subject};
use crate::facts::Selinux;

/// Distributions that the K3s project names, or whose packages derive from them.
const KNOWN_OS: [&str; 17] = [
    "debian",
    "ubuntu",
    "raspbian",
    "fedora",
    "rhel",
    "centos",
    "rocky",
    "almalinux",
    "opensuse-leap",
    "opensuse-tumbleweed",
    "opensuse-leap-micro",
    "sles",
    "sle-micro",
    "ol",
    "amzn",
    "arch",
    "armbian",
];

const MIB: u64 = 1024;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    unknown(subject, findings);
    platform(subject, findings);
    resources(subject, findings);
    cgroups(subject, findings);
    policies(subject, findings);
}

fn unknown(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let facts = subject.facts;
    let needed = [
        ("arch", facts.arch.is_none()),
        ("init", facts.systemd.is_none()),
        ("memory", facts.memory_total_kib.is_none()),
        ("disk", facts.disk_free_kib.is_none()),
        ("cpus", facts.cpus.is_none()),
        ("cgroup", facts.cgroup_version.is_none() || facts.cgroup_memory.is_none()),
        ("clock", facts.time_epoch_ms.is_none()),
        ("hostname", facts.hostname.is_none()),
        ("machine-id", facts.machine_id.is_none()),
        ("interfaces", facts.interfaces.is_empty()),
    ];
    for (fact, _) in needed.iter().filter(|(_, missing)| *missing) {
        findings.push(Finding::new(CheckCode::FactUnknown, Severity::Warn).arg("fact", fact));
    }
}

fn platform(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let facts = subject.facts;
    if let Some(arch) = &facts.arch
        && !matches!(arch.as_str(), "x86_64" | "amd64" | "aarch64" | "arm64" | "armv7l" | "armv8l")
    {
        findings.push(Finding::new(CheckCode::ArchUnsupported, Severity::Stop).arg("arch", arch));
    }
    if facts.systemd == Some(false) {
        findings.push(Finding::new(CheckCode::NoSystemd, Severity::Stop));
    }
    let known = facts.os_id.as_deref().is_some_and(|id| KNOWN_OS.contains(&id));
    if !known {
        let name = facts.os_pretty.as_deref().or(facts.os_id.as_deref()).unwrap_or("?");
        findings.push(Finding::new(CheckCode::OsUnproven, Severity::Warn).arg("os", name));
    }
}

fn resources(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let facts = subject.facts;
    let role = subject.machine.role.word();
    // A "1 GB" board reports about 925 MiB.
    let (stop, warn) = if subject.is_server() { (512, 900) } else { (256, 400) };
    if let Some((severity, needed)) = below(facts.memory_total_kib, stop, warn) {
        findings.push(
            Finding::new(CheckCode::MemoryLow, severity)
                .arg("found", facts.memory_total_kib.unwrap_or_default() / MIB)
                .arg("needed", needed)
                .arg("role", role),
        );
    }
    // The images of the system pods, of the ingress controller and the first services take about 2 GiB.
    if let Some((severity, needed)) = below(facts.disk_free_kib, 1024, 4096) {
        findings.push(
            Finding::new(CheckCode::DiskLow, severity)
                .arg("found", facts.disk_free_kib.unwrap_or_default() / MIB)
                .arg("needed", needed),
        );
    }
    if let Some(cpus) = facts.cpus
        && cpus < 2
        && subject.is_server()
    {
        let finding = Finding::new(CheckCode::CpusFew, Severity::Warn);
        findings.push(finding.arg("found", cpus).arg("needed", 2).arg("role", role));
    }
    if let Some(swap) = facts.swap_total_kib
        && swap > 0
    {
        findings.push(Finding::new(CheckCode::SwapOn, Severity::Note).arg("size", swap / MIB));
    }
}

/// The severity and the bound in MiB that an amount in KiB stays under.
fn below(found_kib: Option<u64>, stop: u64, warn: u64) -> Option<(Severity, u64)> {
    match found_kib? / MIB {
        found if found < stop => Some((Severity::Stop, stop)),
        found if found < warn => Some((Severity::Warn, warn)),
        _ => None,
    }
}

fn cgroups(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let facts = subject.facts;
    if facts.cgroup_memory == Some(false) {
        let finding = Finding::new(CheckCode::CgroupMemoryOff, Severity::Stop);
        findings.push(match (&facts.cmdline_path, &facts.cmdline_text) {
            (Some(path), Some(text)) => {
                let (before, after) = (text.clone(), with_memory_cgroup(text));
                finding.fix(Fix::CgroupCmdline { path: path.clone(), before, after })
            }
            _ => finding.commands([
                "edit /etc/default/grub: add cgroup_enable=memory to GRUB_CMDLINE_LINUX",
                "update-grub",
                "systemctl reboot",
            ]),
        });
    }
    if facts.cgroup_version == Some(1) {
        let refused = subject.version.refuses_cgroup_v1();
        let opted_in = subject.document.options.allow_cgroup_v1;
        let severity = if refused && !opted_in { Severity::Stop } else { Severity::Note };
        let finding = Finding::new(CheckCode::CgroupV1, severity).arg("version", subject.version);
        findings.push(if severity == Severity::Stop {
            let (field, value) = ("options.allow_cgroup_v1".to_owned(), "true".to_owned());
            finding.fix(Fix::SetOption { field, value })
        } else {
            finding
        });
    }
}

/// The command line with the memory controller switched on; what is there already is not added twice, and a
/// word that switches it off is taken out, since the kernel obeys that one regardless of order.
fn with_memory_cgroup(line: &str) -> String {
    let mut words: Vec<&str> =
        line.split_whitespace().filter(|word| *word != "cgroup_disable=memory").collect();
    for wanted in ["cgroup_memory=1", "cgroup_enable=memory"] {
        if !words.contains(&wanted) {
            words.push(wanted);
        }
    }
    words.join(" ")
}

fn policies(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let facts = subject.facts;
    if facts.selinux == Some(Selinux::Enforcing) && !facts.selinux_k3s {
        let finding = Finding::new(CheckCode::SelinuxPolicyMissing, Severity::Stop);
        findings.push(finding.commands([
            "dnf install -y container-selinux",
            "dnf install -y k3s-selinux   # from https://rpm.rancher.io",
        ]));
    }
    if facts.iptables_is_buggy() {
        let version = facts.iptables_version.as_deref().unwrap_or_default();
        findings.push(Finding::new(CheckCode::IptablesBuggy, Severity::Note).arg("version", version));
    }
}

#[cfg(test)]
mod tests {
    use super::with_memory_cgroup;

    #[test]
    fn the_command_line_gets_each_word_once() {
        let plain = "console=tty1 root=/dev/mmcblk0p2 rootwait";
        let fixed = format!("{plain} cgroup_memory=1 cgroup_enable=memory");
        assert_eq!(with_memory_cgroup(plain), fixed);
        assert_eq!(with_memory_cgroup(&fixed), fixed);
        assert_eq!(with_memory_cgroup(&format!("{plain} cgroup_disable=memory cgroup_memory=1")), fixed);
    }
}
