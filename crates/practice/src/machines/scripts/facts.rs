//! `facts`: everything that the product wants to know of a machine, as `key=value` lines.

use super::{BINARY, CONFIG, IMAGES, INSTALLER, MARKER, NODE_TOKEN, Outcome, Place, TOKEN};
use crate::homelab::{File, Homelab, Machine};
use crate::machines::service::binary_version;
use crate::machines::stdin::Stdin;
use std::fmt::Write;

/// Where an earlier K3s leaves what disturbs the next one.
const LEFTOVERS: &[&str] = &[
    "/var/lib/rancher/k3s/server/db",
    "/var/lib/rancher/k3s/server/tls",
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/k3s/config.yaml",
    "/var/lib/rancher/k3s/agent/containerd",
    "/var/lib/kubelet/pods",
    "/var/lib/cni/networks",
    "/run/flannel/subnet.env",
];

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let all = stdin.line().await.is_none_or(|part| part == "all");
    Outcome::said(place.look(|machine| {
        let mut text = String::new();
        kernel(&mut text, machine);
        k3s(&mut text, machine, root, all);
        if all {
            system(&mut text, machine, place.homelab);
            network(&mut text, machine, root);
        }
        text
    }))
}

fn kernel(text: &mut String, machine: &Machine) {
    line(text, "boot_id", &machine.boot_id);
    line(text, "cgroup.version", machine.cgroup_version);
    line(text, "cgroup.memory", u8::from(machine.cgroup_memory));
}

fn line(text: &mut String, key: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{key}={value}");
}

fn system(text: &mut String, machine: &Machine, homelab: &Homelab) {
    line(text, "os.id", &machine.os.id);
    line(text, "os.version", &machine.os.version);
    line(text, "os.pretty", &machine.os.pretty);
    line(text, "arch", &machine.arch);
    line(text, "kernel", &machine.os.kernel);
    line(text, "board", &machine.board);
    line(text, "cpus", machine.cpus);
    line(text, "mem.total_kib", machine.memory_kib);
    line(text, "mem.available_kib", machine.memory_kib * 7 / 10);
    line(text, "disk.total_kib", machine.disk_kib);
    line(text, "disk.free_kib", machine.free_kib());
    line(text, "swap.total_kib", machine.swap_kib);
    line(text, "time.epoch_ms", homelab.clock.now() + machine.clock_offset_ms);
    line(text, "time.synchronised", if machine.time_synchronised { "yes" } else { "no" });
    line(text, "hostname", &machine.name);
    line(text, "machine_id", &machine.machine_id);
    line(text, "init", "systemd");
    line(text, "virt", if machine.board.starts_with("QEMU") { "kvm" } else { "none" });
    if let Some(path) = &machine.cmdline_path {
        line(text, "cmdline.path", path);
        line(text, "cmdline.text", machine.cmdline());
    }
    line(text, "selinux", machine.selinux.as_deref().unwrap_or("disabled"));
    line(text, "iptables.version", "v1.8.9 (nf_tables)");
    for firewall in &machine.firewalls {
        line(
            text,
            "firewall",
            format_args!("{}\t{}", firewall.name, if firewall.active { "active" } else { "inactive" }),
        );
        for open in &firewall.open {
            line(text, "firewall.open", open);
        }
        for network in &firewall.trusted {
            line(text, "firewall.trusted", network);
        }
    }
}

fn network(text: &mut String, machine: &Machine, root: bool) {
    line(text, "iface", "lo\tunknown\t00:00:00:00:00:00\t127.0.0.1/8");
    for interface in &machine.interfaces {
        let state = if interface.up { "up" } else { "down" };
        line(
            text,
            "iface",
            format_args!("{}\t{state}\t{}\t{}", interface.name, interface.mac, interface.addresses.join(",")),
        );
    }
    if let Some(first) = machine.interfaces.iter().find(|interface| interface.up) {
        line(text, "route.default", format_args!("{}\t127.77.0.1\t{}", first.name, machine.address));
    }
    for socket in machine.sockets() {
        // The process is told to root alone.
        let process = if root { socket.process.as_str() } else { "-" };
        line(
            text,
            "listen",
            format_args!("{}\t{}\t{}\t{process}", socket.protocol, socket.address, socket.port),
        );
    }
}

fn k3s(text: &mut String, machine: &Machine, root: bool, version: bool) {
    let ours = machine.files.contains_key(MARKER);
    if let Some(binary) = machine.files.get(BINARY) {
        line(text, "k3s.binary", &binary.sha256);
        if let Some(version) = binary_version(binary).filter(|_| version) {
            line(text, "k3s.version", version);
        }
    }
    if let Some(k3s) = &machine.k3s {
        let unit = k3s.role.unit();
        let exec = format!("{BINARY} {}", k3s.role.word());
        line(text, "k3s.unit", format_args!("{unit}\t{}\tenabled\t{exec}", k3s.state.word()));
    }
    // What only root may read has no line when somebody else asks, as the script's `[ -r ]` has it.
    if root {
        for (key, path) in [("k3s.config", CONFIG), ("k3s.token", TOKEN)] {
            if let Some(file) = machine.files.get(path) {
                line(text, key, &file.sha256);
            }
        }
        if let Some(token) = machine.files.get(NODE_TOKEN) {
            // Joiners hold it without the line break that the file ends in.
            let token = File::of(token.text().trim_end().as_bytes(), 0o600);
            line(text, "k3s.server_token", &token.sha256);
        }
        if let Some(started) = machine.k3s.as_ref().and_then(|k3s| k3s.started_with.as_ref()) {
            line(text, "k3s.started_with", &started.config);
            line(text, "k3s.started_binary", &started.binary);
            if let Some(token) = &started.token {
                line(text, "k3s.started_token", token);
            }
        }
    }
    if let Some(file) = machine.files.get(INSTALLER) {
        line(text, "k3s.installer", &file.sha256);
    }
    for (path, file) in
        machine.files.range(IMAGES.to_owned()..).take_while(|(path, _)| path.starts_with(IMAGES))
    {
        line(text, "k3s.images", format_args!("{}\t{}", &path[IMAGES.len()..], file.sha256));
    }
    if ours {
        line(text, "k3s.owner", "portico");
    } else if machine.k3s.is_some() || machine.files.contains_key(BINARY) {
        line(text, "k3s.owner", "foreign");
    } else {
        for path in LEFTOVERS {
            if machine.files.keys().any(|file| file.starts_with(path)) {
                line(text, "k3s.leftover", path);
            }
        }
    }
}
