//! The English words of closed sets that are not problems: preflight checks, stages, states, fitness.
//!
//! Beside `english`, for the CLI; the window has its own catalogue of these words.

use crate::english::{Sentence, fill};
use portico_domain::change::{Change, ComponentAct};
use portico_domain::diagnosis::TestKind;
use portico_domain::exposure::Reach;
use portico_domain::flow::{Health, HopKind};
use portico_domain::host::Fit;
use portico_domain::preflight::{CheckCode, Finding, Findings, Fix, Severity};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{RunState, StepState};
use portico_domain::step::Stage;

/// What a check found, and what to do about it.
pub fn finding(code: CheckCode) -> Sentence<'static> {
    let say = |what, next| Sentence { what, next };
    match code {
        CheckCode::FactUnknown => {
            say("{fact} could not be read.", "Look at the machine yourself before you go on.")
        }
        CheckCode::ArchUnsupported => say("K3s is not made for {arch}.", "Use another machine."),
        CheckCode::OsUnproven => {
            say("Portico has not been tried on {os}.", "It may well work; watch the first steps.")
        }
        CheckCode::NoSystemd => {
            say("There is no systemd, which K3s' service needs.", "Use a system with systemd.")
        }
        CheckCode::MemoryLow => {
            say("{found} MiB of memory, where a {role} needs {needed}.", "Use a machine with more memory.")
        }
        CheckCode::CpusFew => {
            say("{found} processor cores, where a {role} should have {needed}.", "It works, slowly.")
        }
        CheckCode::DiskLow => say("{found} MiB of disk are free, {needed} are needed.", "Free some space."),
        CheckCode::SwapOn => say("{size} MiB of swap are on.", "Kubernetes runs with it, but prefers none."),
        CheckCode::CgroupMemoryOff => say(
            "The memory cgroup is off.",
            "Portico switches it on by one edit of the kernel's command line, and restarts the machine.",
        ),
        CheckCode::CgroupV1 => say(
            "The machine has cgroup v1, which {version} refuses.",
            "Update the system, or set options.allow_cgroup_v1.",
        ),
        CheckCode::SelinuxPolicyMissing => {
            say("SELinux is enforcing and K3s' policy is not there.", "Install the package k3s-selinux.")
        }
        CheckCode::IptablesBuggy => {
            say("iptables {version} has a known fault.", "Portico tells K3s to use its own.")
        }
        CheckCode::ClockSkew => say(
            "Its clock is {seconds} s away from the others.",
            "Switch time synchronisation on: sudo timedatectl set-ntp true",
        ),
        CheckCode::OwnClockSkew => {
            say("This computer's clock is {seconds} s away from the machines'.", "Set this computer's clock.")
        }
        CheckCode::ClockNotSynchronised => {
            say("Its clock is not synchronised.", "sudo timedatectl set-ntp true")
        }
        CheckCode::HostnameDuplicate => say(
            "The hostname {hostname} is also that of {others}.",
            "Portico gives the nodes their own names; renaming is tidier.",
        ),
        CheckCode::HostnameUnusable => {
            say("The hostname {hostname} is not usable.", "sudo hostnamectl set-hostname NAME")
        }
        CheckCode::MachineIdDuplicate => say(
            "It has the same machine id as {others}, as cloned disks do.",
            "sudo rm /etc/machine-id && sudo systemd-machine-id-setup, then restart.",
        ),
        CheckCode::InterfaceChosen => say(
            "Cluster traffic goes over {interface} ({address}).",
            "Set machines[].interface if that is wrong.",
        ),
        CheckCode::InterfaceUnclear => say(
            "Several interfaces could carry cluster traffic: {candidates}",
            "Choose one: machines[].interface.",
        ),
        CheckCode::InterfaceMissing => {
            say("There is no interface {wanted}.", "Correct machines[].interface.")
        }
        CheckCode::NoAddress => say("It has no usable address.", "Give it one."),
        CheckCode::NoDefaultRoute => say("It has no default route, which K3s needs.", "Give it a gateway."),
        CheckCode::LanOverlap => say(
            "{interface} is on {network}, which overlaps the cluster's {range}.",
            "Set {option} to another range.",
        ),
        CheckCode::PortInUse => {
            say("Port {port}/{protocol} is taken by {process}.", "Stop it: K3s needs the port.")
        }
        CheckCode::FirewallRules => {
            say("{firewall} is on and lacks: {missing}", "Run the commands below there.")
        }
        CheckCode::ForeignK3s => say(
            "A K3s that Portico did not install is there already ({version}).",
            "Adopting it is not possible yet. Use another machine, or uninstall it.",
        ),
        CheckCode::RoleDiffers => say(
            "It runs as {found}, the document says {wanted}.",
            "Changing a role is not possible yet. Correct the document.",
        ),
        CheckCode::LeftoverData => say(
            "Data of an earlier K3s are left: {paths}",
            "Uninstall that K3s; its data would mix with the new one's.",
        ),
        CheckCode::LeftoverFiles => say("Files of an earlier K3s are left: {paths}", "They do no harm."),
    }
}

/// Findings by machine, worst first, as lines.
pub fn report(findings: &Findings) -> String {
    let mut lines = Vec::new();
    for (machine, found) in findings {
        for finding in found {
            let (what, next) = explain(finding);
            let mark = match finding.severity {
                Severity::Stop => "✗",
                Severity::Warn => "!",
                Severity::Note => "·",
            };
            lines.push(format!("{mark} {machine}: {what} {next}"));
            if let Some(Fix::Commands { commands }) = &finding.fix {
                lines.extend(commands.iter().map(|command| format!("    {command}")));
            }
        }
    }
    lines.join("\n")
}

/// What was found and what to do, ready to print.
pub fn explain(found: &Finding) -> (String, String) {
    let Sentence { what, next } = finding(found.check);
    let mut problem = Problem::new(Code::MachineUnfit);
    problem.args = found.args.clone();
    (fill(what, &problem), fill(next, &problem))
}

/// True when something has to be put right before a cluster can be built, other than by Portico itself.
pub fn stops(findings: &Findings) -> bool {
    let hinders = |finding: &Finding| {
        finding.severity == Severity::Stop && !matches!(finding.fix, Some(Fix::CgroupCmdline { .. }))
    };
    findings.values().flatten().any(hinders)
}

pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::EnableMemoryCgroup => "switch the memory cgroup on and restart",
        Stage::CopyK3s => "copy K3s",
        Stage::Configure => "write its configuration",
        Stage::InstallServer => "install K3s as the first server",
        Stage::JoinServer => "join as a server",
        Stage::JoinAgent => "join as a worker",
        Stage::RestartServer => "restart K3s with it",
        Stage::FetchKubeconfig => "fetch the kubeconfig",
        Stage::NodeReady => "wait until the node is Ready",
        Stage::LabelIngressNodes => "let it carry the services' ports",
        Stage::TaintServers => "keep ordinary pods off the servers",
        Stage::InstallComponent => "install the component",
        Stage::SealToken => "seal the cluster's own token",
        Stage::MakeIssuer => "make the issuer of certificates",
        Stage::MakeTunnel => "make the tunnel, or find it",
        Stage::DeployWorkload => "deploy the workload",
        Stage::RouteHostname => "route the hostname",
        Stage::IssueCertificate => "wait for the certificate",
        Stage::RouteTunnel => "set the tunnel's route",
        Stage::ProtectHostname => "set who is let in",
        Stage::WriteRecords => "write the DNS records",
        Stage::TryPath => "try the path as a visitor",
        Stage::RemoveComponent => "remove the component",
        Stage::RemoveService => "remove the service",
    }
}

/// What a change does, in a few words.
pub fn change(change: &Change) -> String {
    match change {
        Change::BuildCluster { document } => format!("build the cluster {}", document.name),
        Change::SetUpStack { .. } => "set up certificates, sealed secrets and the tunnel".into(),
        Change::Component { component, act } => {
            let act = match act {
                ComponentAct::Install { .. } => "install",
                ComponentAct::Repair => "repair",
                ComponentAct::Remove => "remove",
            };
            format!("{act} {}", component.name())
        }
        Change::MoveIngress { to, .. } => format!("let {} serve", to.component().name()),
        Change::Expose { exposure, .. } => {
            let reach = if exposure.reach == Reach::Lan { "on the LAN" } else { "from the internet" };
            format!("make {} reachable {reach} as {}", exposure.name, exposure.hostname)
        }
        Change::Hide { exposure, .. } => format!("take {} away from {}", exposure.hostname, exposure.name),
        Change::Reconcile => "bring records and routes up to date".into(),
    }
}

pub fn run_state(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Done => "done",
        RunState::Failed => "failed",
        RunState::Cancelled => "cancelled",
        RunState::Interrupted => "interrupted",
    }
}

pub fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Running => "running",
        StepState::Done => "done",
        StepState::Skipped => "was true",
        StepState::Failed => "failed",
        StepState::NotRun => "not run",
    }
}

pub fn health(health: Health) -> &'static str {
    match health {
        Health::Up => "up",
        Health::Degraded => "degraded",
        Health::Down => "down",
        Health::Unknown => "unknown",
    }
}

/// What a hop of the flow is.
pub fn hop_kind(kind: HopKind) -> &'static str {
    match kind {
        HopKind::Internet => "internet",
        HopKind::Lan => "LAN",
        HopKind::PublicRecord => "public record",
        HopKind::LanRecord => "LAN record",
        HopKind::Edge => "edge",
        HopKind::Tunnel => "tunnel",
        HopKind::Cloudflared => "cloudflared",
        HopKind::Worker => "worker",
        HopKind::Controller => "controller",
        HopKind::Certificate => "certificate",
        HopKind::Service => "service",
        HopKind::Pods => "pods",
        HopKind::Machine => "machine",
    }
}

/// What a test of a diagnosis looks at.
pub fn test_kind(kind: TestKind) -> &'static str {
    match kind {
        TestKind::Exposed => "the service",
        TestKind::Network => "your network",
        TestKind::Record => "the DNS record",
        TestKind::Resolvers => "this computer's resolver",
        TestKind::Interference => "wildcards and ECH",
        TestKind::Tunnel => "the tunnel",
        TestKind::Route => "the tunnel's rule",
        TestKind::Access => "the login in front",
        TestKind::Worker => "the machine",
        TestKind::Controller => "the ingress controller",
        TestKind::Ingress => "the rule in the cluster",
        TestKind::Clock => "the clocks",
        TestKind::Certificate => "the certificate",
        TestKind::Pods => "the pods",
        TestKind::Answer => "the answer",
    }
}

pub fn fit(fit: &Fit) -> String {
    match fit {
        Fit::Fit => "fit".into(),
        Fit::Maybe { reasons } => {
            format!("maybe: {}", reasons.iter().map(reason).collect::<Vec<_>>().join("; "))
        }
        Fit::Unfit { reasons } => {
            format!("unfit: {}", reasons.iter().map(reason).collect::<Vec<_>>().join("; "))
        }
    }
}

fn reason(reason: &portico_domain::host::Reason) -> String {
    use portico_domain::host::Reason as R;
    match reason {
        R::SshClosed { port } => format!("SSH is off (port {port})"),
        R::SshSilent { port } => format!("port {port} does not answer"),
        R::SshNotSeen { port } => format!("port {port} was not looked at yet"),
        R::NotSsh { port } => format!("port {port} is not SSH"),
        R::NotLinux { banner } => format!("not Linux ({banner})"),
        R::SmallSshServer { banner } => format!("perhaps a small device ({banner})"),
        R::AlreadyCluster { port, .. } => format!("in a cluster already (port {port} is open)"),
        R::Gateway => "your router".into(),
        R::NetworkDevice { vendor } => format!("a network device by {vendor}"),
        R::SharedHostKey { .. } => "its host key is also another machine's".into(),
        R::HostKeyChanged { .. } => "its host key has changed".into(),
        R::DuplicateAddress { address } => format!("{address} is used twice"),
        R::ProxyArp { addresses } => format!("answers for {addresses} addresses"),
        R::Gone => "not there at the latest scan".into(),
    }
}
