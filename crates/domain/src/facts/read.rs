//! Reading the `facts` script's lines: `key=value`, fields inside a value parted by tabs.
//!
//! Keys that are not known are passed over, so that a newer script can talk to this reader. A value that makes
//! no sense leaves its field empty and is reported: a wrong fact must not look like a right one.

use super::{
    DefaultRoute, Firewall, FirewallKind, ImageArchive, Interface, Listener, MachineFacts, OpenPorts, Owner,
    Protocol, Selinux, Unit,
};
use crate::problem::{Code, Problem};
use std::str::FromStr;

/// A value that cannot be read; the caller knows key and value.
struct Malformed;

type Read<T> = Result<T, Malformed>;

impl MachineFacts {
    /// Reads what can be read and reports, per malformed line, its `key`, `value` and `line`.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        let mut facts = Self::default();
        let mut problems = Vec::new();
        let mut firewall = FirewallLines::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let taken = match line.split_once('=') {
                Some((key, value)) => facts.take(key, value, &mut firewall),
                None => Err(Malformed),
            };
            if let Err(Malformed) = taken {
                let (key, value) = line.split_once('=').unwrap_or(("", line));
                problems.push(
                    Problem::new(Code::FactMalformed)
                        .arg("key", key)
                        .arg("value", value)
                        .arg("line", index + 1),
                );
            }
        }
        facts.firewall = firewall.firewall();
        (facts, problems)
    }

    fn take(&mut self, key: &str, value: &str, firewall: &mut FirewallLines) -> Read<()> {
        let text = || (!value.is_empty()).then(|| value.to_owned());
        match key {
            "os.id" => self.os_id = text(),
            "os.version" => self.os_version = text(),
            "os.pretty" => self.os_pretty = text(),
            "arch" => self.arch = text(),
            "kernel" => self.kernel = text(),
            "board" => self.board = text(),
            "cpus" => self.cpus = Some(number(value)?),
            "mem.total_kib" => self.memory_total_kib = Some(number(value)?),
            "mem.available_kib" => self.memory_available_kib = Some(number(value)?),
            "disk.total_kib" => self.disk_total_kib = Some(number(value)?),
            "disk.free_kib" => self.disk_free_kib = Some(number(value)?),
            "cgroup.version" => self.cgroup_version = Some(one_of(value, &[("1", 1), ("2", 2)])?),
            "cgroup.memory" => self.cgroup_memory = Some(one_of(value, &[("0", false), ("1", true)])?),
            "swap.total_kib" => self.swap_total_kib = Some(number(value)?),
            "time.epoch_ms" => self.time_epoch_ms = Some(number(value)?),
            "time.synchronised" => {
                self.time_synchronised =
                    one_of(value, &[("yes", Some(true)), ("no", Some(false)), ("unknown", None)])?;
            }
            "hostname" => self.hostname = text(),
            "machine_id" => self.machine_id = text(),
            "boot_id" => self.boot_id = text(),
            "init" => self.systemd = Some(one_of(value, &[("systemd", true), ("other", false)])?),
            "virt" => self.virt = text().filter(|kind| kind != "none"),
            "iface" => self.interfaces.push(interface(value)?),
            "route.default" => self.default_routes.push(default_route(value)?),
            "firewall" => firewall.state(value)?,
            "firewall.open" => firewall.open.push(open_ports(value)?),
            "firewall.trusted" => firewall.trusted.push(parsed(value)?),
            "selinux" => {
                self.selinux = Some(one_of(
                    value,
                    &[
                        ("enforcing", Selinux::Enforcing),
                        ("permissive", Selinux::Permissive),
                        ("disabled", Selinux::Disabled),
                    ],
                )?);
            }
            "selinux.k3s" => self.selinux_k3s = one_of(value, &[("0", false), ("1", true)])?,
            "iptables.version" => self.iptables_version = text(),
            "listen" => self.listening.push(listener(value)?),
            "cmdline.path" => self.cmdline_path = text(),
            "cmdline.text" => self.cmdline_text = text(),
            _ => return self.take_k3s(key, value),
        }
        Ok(())
    }

    fn take_k3s(&mut self, key: &str, value: &str) -> Read<()> {
        let k3s = &mut self.k3s;
        match key {
            "k3s.binary" => k3s.binary = Some(digest(value)?),
            "k3s.version" => k3s.version = Some(value.to_owned()),
            "k3s.unit" => k3s.units.push(unit(value)?),
            "k3s.config" => k3s.config = Some(digest(value)?),
            "k3s.token" => k3s.token = Some(digest(value)?),
            "k3s.server_token" => k3s.server_token = Some(digest(value)?),
            "k3s.installer" => k3s.installer = Some(digest(value)?),
            "k3s.started_with" => k3s.started_with = Some(digest(value)?),
            "k3s.started_token" => k3s.started_token = Some(digest(value)?),
            "k3s.started_binary" => k3s.started_binary = Some(digest(value)?),
            "k3s.images" => {
                let [name, sha256] = fields(value)?;
                k3s.images.push(ImageArchive { name: word(name)?, sha256: digest(sha256)? });
            }
            "k3s.leftover" => k3s.leftovers.push(word(value)?),
            "k3s.owner" => {
                k3s.owner = Some(one_of(value, &[("portico", Owner::Portico), ("foreign", Owner::Foreign)])?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The firewall's lines come in any order and apart from one another.
#[derive(Default)]
struct FirewallLines {
    states: Vec<(FirewallKind, bool)>,
    open: Vec<OpenPorts>,
    trusted: Vec<ipnet::IpNet>,
}

impl FirewallLines {
    fn state(&mut self, value: &str) -> Read<()> {
        let [kind, state] = fields(value)?;
        let kind = one_of(kind, &[("ufw", FirewallKind::Ufw), ("firewalld", FirewallKind::Firewalld)])?;
        self.states.push((kind, one_of(state, &[("active", true), ("inactive", false)])?));
        Ok(())
    }

    /// The active one counts where both are installed.
    fn firewall(self) -> Option<Firewall> {
        let (kind, active) =
            self.states.iter().copied().find(|(_, active)| *active).or(self.states.first().copied())?;
        Some(Firewall { kind, active, open: self.open, trusted: self.trusted })
    }
}

fn interface(value: &str) -> Read<Interface> {
    let [name, state, mac, addresses] = fields(value)?;
    let addresses = addresses.split(',').filter(|text| !text.is_empty()).map(parsed).collect::<Read<_>>()?;
    let up = one_of(&state.to_ascii_lowercase(), &[("up", true), ("unknown", true), ("down", false)])
        // The kernel has rarer words (dormant, lowerlayerdown); none of them carries traffic.
        .unwrap_or(false);
    Ok(Interface { name: word(name)?, up, mac: given(mac), addresses })
}

fn default_route(value: &str) -> Read<DefaultRoute> {
    let [interface, gateway, source] = fields(value)?;
    let address = |text: &str| given(text).map(|text| parsed(&text)).transpose();
    Ok(DefaultRoute { interface: word(interface)?, gateway: address(gateway)?, source: address(source)? })
}

fn listener(value: &str) -> Read<Listener> {
    let [protocol, address, port, process] = fields(value)?;
    Ok(Listener {
        protocol: self::protocol(protocol)?,
        address: word(address)?,
        port: number(port)?,
        process: given(process),
    })
}

fn unit(value: &str) -> Read<Unit> {
    let [name, active, enabled, exec_start] = fields(value)?;
    let owned = |text: &str| text.to_owned();
    Ok(Unit {
        name: word(name)?,
        active: owned(active),
        enabled: owned(enabled),
        exec_start: owned(exec_start),
    })
}

/// `6443/tcp`, `2379-2380/tcp`, `2379:2380/tcp`, or a port without a protocol.
fn open_ports(value: &str) -> Read<OpenPorts> {
    let (ports, protocol) = match value.split_once('/') {
        Some((ports, protocol)) => (ports, Some(self::protocol(protocol)?)),
        None => (value, None),
    };
    let (first, last) = ports.split_once(['-', ':']).unwrap_or((ports, ports));
    Ok(OpenPorts { first: number(first)?, last: number(last)?, protocol })
}

fn protocol(text: &str) -> Read<Protocol> {
    one_of(text, &[("tcp", Protocol::Tcp), ("udp", Protocol::Udp)])
}

fn fields<const N: usize>(value: &str) -> Read<[&str; N]> {
    value.split('\t').collect::<Vec<_>>().try_into().map_err(|_| Malformed)
}

fn one_of<T: Copy>(value: &str, known: &[(&str, T)]) -> Read<T> {
    known.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or(Malformed)
}

fn number<T: FromStr>(value: &str) -> Read<T> {
    parsed(value)
}

fn parsed<T: FromStr>(value: &str) -> Read<T> {
    value.parse().map_err(|_| Malformed)
}

fn word(value: &str) -> Read<String> {
    given(value).ok_or(Malformed)
}

fn given(value: &str) -> Option<String> {
    (!value.is_empty() && value != "-").then(|| value.to_owned())
}

fn digest(value: &str) -> Read<String> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (value.len() == 64 && value.bytes().all(hex)).then(|| value.to_owned()).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raspberry_pi_is_read() {
        let (facts, problems) = MachineFacts::parse(include_str!("fixtures/raspberry-pi.txt"));
        assert_eq!(problems, []);
        assert_eq!(facts.board.as_deref(), Some("Raspberry Pi 4 Model B Rev 1.4"));
        assert_eq!(
            (facts.cpus, facts.memory_total_kib, facts.disk_free_kib),
            (Some(4), Some(3_884_344), Some(24_871_512))
        );
        assert_eq!(
            (facts.cgroup_version, facts.cgroup_memory, facts.systemd),
            (Some(2), Some(true), Some(true))
        );
        assert_eq!((facts.time_epoch_ms, facts.time_synchronised), (Some(1_700_000_000_000), Some(true)));
        assert_eq!((facts.virt, facts.selinux), (None, Some(Selinux::Disabled)));
        let up: Vec<_> = facts
            .interfaces
            .iter()
            .map(|found| (found.name.as_str(), found.up, found.addresses.len()))
            .collect();
        assert_eq!(up, [("lo", true, 2), ("eth0", true, 2), ("wlan0", false, 0)]);
        assert_eq!(facts.default_routes[0].gateway, "192.168.1.1".parse().ok());
        assert_eq!(facts.listening[0].process.as_deref(), Some("sshd"));
        assert_eq!(facts.listening[1].process, None);
        assert!(facts.cmdline_text.unwrap().starts_with("console=serial0,115200 root=PARTUUID"));
        assert_eq!(facts.k3s, super::super::K3sFacts::default());
    }

    #[test]
    fn what_makes_no_sense_leaves_a_gap_and_is_told() {
        let zeros = "0".repeat(63);
        let lines = [
            "cpus=many",
            "mem.total_kib=-1",
            "cgroup.version=3",
            "time.epoch_ms=yesterday",
            "iface=eth0\tup\t02:00:00:00:00:01",
            "iface=eth1\tup\t\t192.168.1.300/24",
            "listen=tcp\t*\t70000\tsshd",
            "firewall.open=http/tcp",
            "just words",
            &format!("k3s.binary={zeros}"),
        ];
        let (facts, problems) = MachineFacts::parse(&lines.join("\n"));
        assert_eq!(facts, MachineFacts::default());
        assert_eq!(problems.len(), lines.len());
        assert_eq!(problems[0].args["key"], "cpus");
        assert_eq!(problems[9].args["line"], "10");
    }

    #[test]
    fn a_newer_scripts_keys_are_passed_over() {
        let (facts, problems) = MachineFacts::parse("gpu=fast\nk3s.mood=good\nhostname=pi-1\n");
        assert_eq!((facts.hostname.as_deref(), problems.len()), (Some("pi-1"), 0));
    }

    #[test]
    fn the_active_firewall_counts() {
        let (facts, _) = MachineFacts::parse(
            "firewall=ufw\tinactive\nfirewall=firewalld\tactive\nfirewall.open=2379-2380/tcp\n",
        );
        let firewall = facts.firewall.unwrap();
        assert_eq!((firewall.kind, firewall.active), (FirewallKind::Firewalld, true));
        assert_eq!((firewall.open[0].first, firewall.open[0].last), (2379, 2380));
    }

    #[test]
    fn buggy_iptables_are_the_nft_ones_before_1_8_5() {
        let buggy =
            |version: &str| MachineFacts::parse(&format!("iptables.version={version}")).0.iptables_is_buggy();
        assert!(buggy("v1.8.2 (nf_tables)"));
        assert!(!buggy("v1.8.2 (legacy)"));
        assert!(!buggy("v1.8.9 (nf_tables)"));
        assert!(!MachineFacts::default().iptables_is_buggy());
    }
}
