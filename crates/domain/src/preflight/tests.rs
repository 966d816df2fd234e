//! Each check is broken on its own: the same healthy machine with one line changed gives that finding alone.

use super::{CheckCode, Finding, Fix, Inspection, Reading, Severity};
use crate::cluster::{ClusterDocument, parse};
use crate::facts::MachineFacts;
use std::collections::BTreeMap;
use {CheckCode::*, Severity::*};

const HEALTHY: &str = include_str!("../facts/fixtures/raspberry-pi.txt");
const AT: i64 = 1_700_000_000_000;

const ONE: &str = "  - { name: pi-1, address: 192.168.1.81, role: server }\n";
const TWO: &str = "  - { name: pi-2, address: 192.168.1.82, role: agent }\n";
const THREE_SERVERS: &str = "\
\x20 - { name: pi-2, address: 192.168.1.82, role: server }
\x20 - { name: pi-3, address: 192.168.1.83, role: server }
";

/// One line of the healthy machine, and what stands there instead.
type Break<'a> = (&'a str, &'a str);

struct Case {
    machines: String,
    options: &'static str,
    version: &'static str,
    /// Facts by machine, pi-1 first.
    facts: Vec<String>,
}

impl Case {
    fn alone(breaks: &[Break<'_>]) -> Self {
        Self { machines: ONE.into(), options: "", version: "v1.34.4+k3s1", facts: vec![broken(breaks)] }
    }

    fn pair(first: &[Break<'_>], second: &[Break<'_>]) -> Self {
        let other =
            [("hostname=pi-1", "hostname=pi-2"), ("machine_id=6f1d", "machine_id=7f1d"), (".81", ".82")];
        let second = broken(&[&other, second].concat());
        Self { machines: format!("{ONE}{TWO}"), facts: vec![broken(first), second], ..Self::alone(&[]) }
    }

    fn document(&self) -> ClusterDocument {
        let yaml = format!(
            "version: 1\nname: home\nk3s: {{ channel: stable }}\nmachines:\n{}{}",
            self.machines, self.options
        );
        parse(&yaml).unwrap_or_else(|problems| panic!("{problems:?}\n{yaml}"))
    }

    fn findings(&self) -> Vec<Finding> {
        let document = self.document();
        let mut readings = BTreeMap::new();
        for (index, text) in self.facts.iter().enumerate() {
            let (facts, problems) = MachineFacts::parse(text);
            assert_eq!(problems, [], "{text}");
            readings.insert(format!("pi-{}", index + 1), Reading { facts, at: AT });
        }
        let version = self.version.parse().unwrap();
        let inspection = Inspection { document: &document, version: &version, readings: &readings };
        inspection.findings().remove("pi-1").unwrap()
    }

    /// Exactly one finding, this one.
    #[track_caller]
    fn finds(&self, check: CheckCode, severity: Severity, args: &str) -> Option<Fix> {
        let findings = self.findings();
        assert_eq!(findings.len(), 1, "{findings:#?}");
        let finding = findings.into_iter().next().unwrap();
        assert_eq!((finding.check, finding.severity), (check, severity));
        let found: Vec<String> = finding.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found.join(" "), args);
        finding.fix
    }

    #[track_caller]
    fn finds_nothing(&self) {
        assert_eq!(self.findings(), []);
    }
}

/// Each pattern has to be there: a break that changes nothing would prove nothing.
fn broken(breaks: &[Break<'_>]) -> String {
    let mut text = HEALTHY.to_owned();
    for (from, to) in breaks {
        assert!(text.contains(from), "{from} is not in the fixture");
        text = text.replace(from, to);
    }
    text
}

fn commands(fix: Option<Fix>) -> Vec<String> {
    match fix {
        Some(Fix::Commands { commands }) => commands,
        other => panic!("expected commands, got {other:?}"),
    }
}

#[test]
fn a_healthy_machine_has_no_findings() {
    Case::alone(&[]).finds_nothing();
    Case::pair(&[], &[]).finds_nothing();
}

#[test]
fn the_system() {
    let alone = |from: &str, to: &str| Case::alone(&[(from, to)]);
    alone("arch=aarch64", "arch=armv6l").finds(ArchUnsupported, Stop, "arch=armv6l");
    alone("os.id=debian", "os.id=gentoo").finds(OsUnproven, Warn, "os=Debian GNU/Linux 12 (bookworm)");
    alone("init=systemd", "init=other").finds(NoSystemd, Stop, "");
    alone("mem.total_kib=3884344", "mem.total_kib=460000").finds(
        MemoryLow,
        Stop,
        "found=449 needed=512 role=server",
    );
    alone("mem.total_kib=3884344", "mem.total_kib=800000").finds(
        MemoryLow,
        Warn,
        "found=781 needed=900 role=server",
    );
    alone("mem.total_kib=3884344", "mem.total_kib=947000").finds_nothing();
    alone("disk.free_kib=24871512", "disk.free_kib=900000").finds(DiskLow, Stop, "found=878 needed=1024");
    alone("disk.free_kib=24871512", "disk.free_kib=3000000").finds(DiskLow, Warn, "found=2929 needed=4096");
    alone("cpus=4", "cpus=1").finds(CpusFew, Warn, "found=1 needed=2 role=server");
    alone("swap.total_kib=0", "swap.total_kib=102400").finds(SwapOn, Note, "size=100");
    alone("selinux=disabled", "selinux=enforcing").finds(SelinuxPolicyMissing, Stop, "");
    alone("selinux=disabled", "selinux=enforcing\nselinux.k3s=1").finds_nothing();
    alone("v1.8.9 (nf", "v1.8.2 (nf").finds(IptablesBuggy, Note, "version=v1.8.2 (nf_tables)");
    alone("cpus=4\n", "").finds(FactUnknown, Warn, "fact=cpus");
    alone("cgroup.memory=1\n", "").finds(FactUnknown, Warn, "fact=cgroup");
}

#[test]
fn the_memory_cgroup_is_fixed_by_one_line_where_there_is_one() {
    let fix = Case::alone(&[("cgroup.memory=1", "cgroup.memory=0")]).finds(CgroupMemoryOff, Stop, "");
    let Some(Fix::CgroupCmdline { path, before, after }) = fix else { panic!("{fix:?}") };
    assert_eq!(path, "/boot/firmware/cmdline.txt");
    assert_eq!(after, format!("{before} cgroup_memory=1 cgroup_enable=memory"));

    let grub = [("cgroup.memory=1", "cgroup.memory=0"), ("cmdline.path=/boot/firmware/cmdline.txt\n", "")];
    assert_eq!(
        commands(Case::alone(&grub).finds(CgroupMemoryOff, Stop, "")).last().unwrap(),
        "systemctl reboot"
    );
}

#[test]
fn cgroup_v1_is_refused_by_the_version_and_allowed_by_the_owner() {
    let v1 = || Case::alone(&[("cgroup.version=2", "cgroup.version=1")]);
    v1().finds(CgroupV1, Note, "version=v1.34.4+k3s1");
    let refused = Case { version: "v1.35.1+k3s1", ..v1() };
    let fix = refused.finds(CgroupV1, Stop, "version=v1.35.1+k3s1");
    let wanted = Fix::SetOption { field: "options.allow_cgroup_v1".into(), value: "true".into() };
    assert_eq!(fix, Some(wanted));
    let allowed = Case { options: "options: { allow_cgroup_v1: true }\n", ..refused };
    allowed.finds(CgroupV1, Note, "version=v1.35.1+k3s1");
    Case { version: "v1.35.1+k3s1", ..Case::alone(&[]) }.finds_nothing();
}

#[test]
fn clocks_vote() {
    let at = |ms: i64| format!("time.epoch_ms={ms}");
    let right = at(AT);
    let skewed = |ms: i64| at(AT + ms);
    let alone = |ms: i64| Case::alone(&[(&right, &skewed(ms))]);
    alone(1_900).finds_nothing();
    alone(5_000).finds(ClockSkew, Warn, "seconds=5");
    alone(-90_000).finds(ClockSkew, Stop, "seconds=-90");
    // The other one is wrong: two against one.
    Case::pair(&[], &[(&right, &skewed(600_000))]).finds_nothing();
    Case::pair(&[(&right, &skewed(600_000))], &[]).finds(ClockSkew, Stop, "seconds=600");
    // Both machines agree: this computer is the one that is off.
    Case::pair(&[(&right, &skewed(600_500))], &[(&right, &skewed(600_000))]).finds(
        OwnClockSkew,
        Warn,
        "seconds=600",
    );
    let free = Case::alone(&[("time.synchronised=yes", "time.synchronised=no")]).finds(
        ClockNotSynchronised,
        Warn,
        "",
    );
    assert_eq!(commands(free), ["timedatectl set-ntp true"]);
    Case::alone(&[("time.synchronised=yes", "time.synchronised=unknown")]).finds_nothing();
}

#[test]
fn names_and_ids() {
    let twin = Case::pair(
        &[("hostname=pi-1", "hostname=raspberrypi")],
        &[("hostname=pi-2", "hostname=RaspberryPi.lan")],
    );
    let fix = twin.finds(HostnameDuplicate, Warn, "hostname=raspberrypi others=pi-2");
    assert_eq!(commands(fix), ["hostnamectl set-hostname pi-1"]);
    for bad in ["localhost", "pi_1", "-pi", "(none)"] {
        let case = Case::alone(&[("hostname=pi-1", &format!("hostname={bad}"))]);
        case.finds(HostnameUnusable, Warn, &format!("hostname={bad}"));
    }
    Case::alone(&[("hostname=pi-1", "hostname=Pi-1.lan")]).finds_nothing();
    Case::pair(&[], &[("machine_id=7f1d", "machine_id=6f1d")]).finds(MachineIdDuplicate, Stop, "others=pi-2");
}

#[test]
fn the_network() {
    let second = "iface=eth1\tUP\t02:00:00:00:00:01\t10.9.0.10/24\nroute.default";
    let two_nets = [("route.default", second)];
    Case::pair(&two_nets, &[]).finds(InterfaceChosen, Note, "address=192.168.1.81 interface=eth0");

    let named =
        Case { machines: ONE.replace("role: server", "role: server, interface: eth7"), ..Case::alone(&[]) };
    let fix = named.finds(InterfaceMissing, Stop, "wanted=eth7");
    assert!(matches!(fix, Some(Fix::ChooseInterface { candidates }) if candidates.len() == 1));

    let routed = Case {
        machines: format!("{ONE}{}", TWO.replace("192.168.1.82", "172.20.0.2")),
        ..Case::alone(&two_nets)
    };
    routed.finds(InterfaceUnclear, Stop, "candidates=eth0 (192.168.1.81), eth1 (10.9.0.10)");

    Case::alone(&[("iface=eth0\tUP", "iface=eth0\tDOWN")]).finds(NoAddress, Stop, "");
    let fix = Case::alone(&[("route.default=eth0\t192.168.1.1\t192.168.1.81\n", "")]).finds(
        NoDefaultRoute,
        Stop,
        "",
    );
    assert_eq!(commands(fix).len(), 4);

    let lan = [("192.168.1.81/24", "10.43.7.5/24")];
    Case::alone(&lan).finds(
        LanOverlap,
        Stop,
        "interface=eth0 network=10.43.7.0/24 option=service_cidr range=10.43.0.0/16",
    );
    Case { options: "options: { service_cidr: 10.53.0.0/16 }\n", ..Case::alone(&lan) }.finds_nothing();
    let bridge = "iface=cni0\tUP\t02:00:00:00:00:01\t10.42.0.1/24\nroute.default";
    Case::alone(&[("route.default", bridge)]).finds_nothing();
}

#[test]
fn ports() {
    let listen = |address: &str, port: u16| format!("selinux=disabled\nlisten=tcp\t{address}\t{port}\tnginx");
    let alone = |address: &str, port| Case::alone(&[("selinux=disabled", &listen(address, port))]);
    alone("*", 6443).finds(PortInUse, Stop, "port=6443 process=nginx protocol=tcp use=kubernetes-api");
    alone("127.0.0.1", 10250).finds(PortInUse, Stop, "port=10250 process=nginx protocol=tcp use=kubelet");
    alone("0.0.0.0", 80).finds(PortInUse, Warn, "port=80 process=nginx protocol=tcp use=ingress");
    alone("127.0.0.1", 443).finds_nothing();
    alone("*", 2379).finds_nothing();
    alone("*", 8080).finds_nothing();
    let three = |port| Case { machines: format!("{ONE}{THREE_SERVERS}"), ..alone("*", port) };
    three(2379).finds(PortInUse, Stop, "port=2379 process=nginx protocol=tcp use=etcd");
    // The server of a cluster with workers carries no web ports.
    let with_worker = Case { machines: format!("{ONE}{TWO}"), ..alone("*", 443) };
    with_worker.finds_nothing();
}

#[test]
fn firewalls() {
    let ufw = |lines: &str| [("firewall=ufw\tinactive".to_owned(), format!("firewall=ufw\tactive\n{lines}"))];
    let alone = |lines: &str| {
        let [(from, to)] = ufw(lines);
        Case::alone(&[(&from, &to)])
    };
    let fix = alone("firewall.open=22/tcp").finds(
        FirewallRules,
        Stop,
        "firewall=ufw missing=6443/tcp, 80/tcp, 443/tcp, 10.42.0.0/16, 10.43.0.0/16",
    );
    assert_eq!(commands(fix)[..2], ["ufw allow 6443/tcp", "ufw allow 80/tcp"]);
    let open = "firewall.open=6443/tcp\nfirewall.open=80/tcp\nfirewall.open=443/tcp\n\
                firewall.trusted=10.42.0.0/15";
    alone(open).finds_nothing();
    let trusting = "firewall.trusted=192.168.1.0/24\nfirewall.trusted=10.42.0.0/16";
    let fix = alone(trusting).finds(FirewallRules, Warn, "firewall=ufw missing=10.43.0.0/16");
    assert_eq!(commands(fix), ["ufw allow from 10.43.0.0/16 to any"]);

    let firewalld = "firewall=firewalld\tactive\nfirewall.open=6443/tcp\nfirewall.open=10250/udp";
    let pair = Case::pair(&[("firewall=ufw\tinactive", firewalld)], &[]);
    let fix = pair.finds(
        FirewallRules,
        Stop,
        "firewall=firewalld missing=10250/tcp, 8472/udp, 10.42.0.0/16, 10.43.0.0/16",
    );
    assert_eq!(commands(fix).last().unwrap(), "firewall-cmd --reload");
}

#[test]
fn an_earlier_k3s() {
    let with = |lines: &str| Case::alone(&[("selinux=disabled", &format!("selinux=disabled\n{lines}"))]);
    let binary = format!("k3s.binary={}\nk3s.version=v1.33.1+k3s1", "a".repeat(64));
    let unit = "k3s.unit=k3s\tactive\tenabled\t/usr/local/bin/k3s server";
    with(&format!("{binary}\n{unit}")).finds(ForeignK3s, Stop, "unit=k3s version=v1.33.1+k3s1");
    with("k3s.owner=foreign").finds(ForeignK3s, Stop, "unit=- version=?");
    // Ours, running: neither foreign, nor are its own ports in the way.
    let ports = "listen=tcp\t*\t6443\tk3s-server\nlisten=tcp\t*\t10250\tk3s-server";
    with(&format!("{binary}\n{unit}\nk3s.owner=portico\n{ports}")).finds_nothing();
    // The same while it is coming up after a power cut; but another program's port stays in the way.
    let starting = format!("{binary}\n{}\nk3s.owner=portico\n", unit.replace("active", "activating"));
    with(&format!("{starting}{ports}")).finds_nothing();
    let other = ports.replace("6443\tk3s-server", "6443\tnginx");
    let taken = "port=6443 process=nginx protocol=tcp use=kubernetes-api";
    with(&format!("{starting}{other}")).finds(PortInUse, Stop, taken);
    let agent = unit.replace("k3s\tactive", "k3s-agent\tactive");
    with(&format!("{agent}\nk3s.owner=portico")).finds(RoleDiffers, Stop, "found=k3s-agent wanted=k3s");

    let fix = with("k3s.leftover=/etc/rancher/node").finds(LeftoverFiles, Warn, "paths=/etc/rancher/node");
    assert_eq!(commands(fix), ["rm -rf /etc/rancher/node"]);
    with("k3s.leftover=/var/lib/rancher/k3s/server/db").finds(
        LeftoverData,
        Stop,
        "paths=/var/lib/rancher/k3s/server/db",
    );
}

#[test]
fn the_worst_comes_first_and_unread_machines_are_left_out() {
    let case = Case::alone(&[
        ("swap.total_kib=0", "swap.total_kib=9"),
        ("init=systemd", "init=other"),
        ("cpus=4", "cpus=1"),
    ]);
    let severities: Vec<Severity> = case.findings().iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Stop, Warn, Note]);

    let (document, version) = (case.document(), case.version.parse().unwrap());
    let inspection = Inspection { document: &document, version: &version, readings: &BTreeMap::new() };
    assert!(inspection.findings().is_empty());
}
