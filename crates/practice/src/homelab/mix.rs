//! The kinds of machines that a homelab usually has, and the default mix of six.
//!
//! Each kind is a plain [`Machine`] whose fields may be changed before the homelab starts. Addresses, keys and ids
//! are filled in then.

use super::file::{File, sha256_hex};
use super::machine::{Interface, K3s, Listening, Machine, Os, Power, Role, Started, Sudo, UnitState, User};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

const GIB: u64 = 1024 * 1024;

/// `pi-1` to `pi-3` (the third with its memory cgroup off), a small x86 machine, a NAS with too little memory,
/// and one that runs somebody's K3s already.
pub fn default_machines() -> Vec<Machine> {
    let mut third = raspberry_pi("pi-3", 4);
    third.cgroup_needs_cmdline = true;
    third.note = "the memory cgroup is off until cmdline.txt is edited and it has rebooted".to_owned();
    vec![
        raspberry_pi("pi-1", 5),
        raspberry_pi("pi-2", 4),
        third,
        nuc("nuc-1"),
        nas("nas"),
        foreign_k3s("attic"),
    ]
}

/// Any machine: Debian 12 on x86_64 with 4 GiB, root by key or password.
pub fn bare(name: &str) -> Machine {
    Machine {
        name: name.to_owned(),
        address: Ipv4Addr::UNSPECIFIED,
        note: String::new(),
        os: debian("6.1.0-31-amd64"),
        arch: "x86_64".to_owned(),
        board: "QEMU Standard PC".to_owned(),
        cpus: 4,
        memory_kib: 4 * GIB,
        disk_kib: 60 * GIB,
        disk_free_kib: 50 * GIB,
        disk_filled_kib: 0,
        swap_kib: 0,
        cgroup_version: 2,
        cgroup_memory: true,
        cgroup_needs_cmdline: false,
        cmdline_path: None,
        clock_offset_ms: 0,
        time_synchronised: true,
        interfaces: vec![interface("eth0")],
        firewalls: Vec::new(),
        selinux: None,
        listening: vec![Listening {
            protocol: "tcp".to_owned(),
            address: "0.0.0.0".to_owned(),
            port: 22,
            process: "sshd".to_owned(),
        }],
        users: vec![user("root", "homelab", Sudo::Root)],
        password_login: true,
        host_key_seed: [0; 32],
        machine_id: String::new(),
        boot_id: String::new(),
        boots: 0,
        files: BTreeMap::new(),
        k3s: None,
        node_password: String::new(),
        journal: Vec::new(),
        power: Power::On,
        rebooting: false,
    }
}

/// A Raspberry Pi 4 or 5 with Raspberry Pi OS; user `pi`, sudo without a password.
pub fn raspberry_pi(name: &str, model: u8) -> Machine {
    let mut machine = bare(name);
    machine.note = format!("a Raspberry Pi {model}");
    machine.os = debian("6.6.51+rpt-rpi-v8");
    machine.arch = "aarch64".to_owned();
    machine.board = format!("Raspberry Pi {model} Model B Rev 1.{model}");
    machine.memory_kib = if model >= 5 { 8 * GIB } else { 4 * GIB };
    machine.disk_kib = 29 * GIB;
    machine.disk_free_kib = 22 * GIB;
    machine.swap_kib = 200 * 1024;
    machine.users = vec![user("pi", "raspberry", Sudo::NoPassword)];
    let path = "/boot/firmware/cmdline.txt".to_owned();
    let line = b"console=serial0,115200 console=tty1 root=PARTUUID=4f1c2a9e-02 rootfstype=ext4 fsck.repair=yes rootwait\n";
    machine.files.insert(path.clone(), File::of(line, 0o755));
    machine.cmdline_path = Some(path);
    let mut wireless = interface("wlan0");
    wireless.up = false;
    machine.interfaces.push(wireless);
    machine
}

/// A small x86_64 machine (N100); user `admin`, sudo with a password, and `guest`, who may do nothing.
pub fn nuc(name: &str) -> Machine {
    let mut machine = bare(name);
    machine.note = "a small x86_64 machine; sudo asks for the password".to_owned();
    machine.board = "Intel(R) Client Systems NUC N100".to_owned();
    machine.memory_kib = 16 * GIB;
    machine.disk_kib = 460 * GIB;
    machine.disk_free_kib = 410 * GIB;
    machine.interfaces = vec![interface("enp1s0")];
    machine.users = vec![user("admin", "homelab", Sudo::Password), user("guest", "visitor", Sudo::None)];
    machine
}

/// An old NAS: 384 MiB of memory, which is too little for a node; user `admin`, sudo with a password.
pub fn nas(name: &str) -> Machine {
    let mut machine = bare(name);
    machine.note = "unfit: too little memory".to_owned();
    machine.board = "Storage Station 212".to_owned();
    machine.cpus = 1;
    machine.memory_kib = 384 * 1024;
    machine.disk_kib = 3700 * GIB;
    machine.disk_free_kib = 900 * GIB;
    machine.users = vec![user("admin", "storage", Sudo::Password)];
    for (port, process) in [(80, "nginx"), (445, "smbd")] {
        machine.listening.push(Listening {
            protocol: "tcp".to_owned(),
            address: "0.0.0.0".to_owned(),
            port,
            process: process.to_owned(),
        });
    }
    machine
}

/// A machine that already runs a K3s which is not ours; root logs in directly.
pub fn foreign_k3s(name: &str) -> Machine {
    let mut machine = bare(name);
    machine.note = "already runs a K3s that somebody else installed".to_owned();
    let binary = File::of(b"k3s v1.31.5+k3s1 amd64\n", 0o755);
    let config = File::of(b"write-kubeconfig-mode: \"0644\"\n", 0o600);
    machine.k3s = Some(K3s {
        role: Role::Server,
        state: UnitState::Active,
        started_with: Some(Started {
            config: config.sha256.clone(),
            binary: binary.sha256.clone(),
            token: None,
        }),
        cluster: None,
        node_name: name.to_owned(),
        joined: false,
        loaded: None,
        failure: None,
        generation: 0,
    });
    machine.files.insert("/usr/local/bin/k3s".to_owned(), binary);
    machine.files.insert("/etc/rancher/k3s/config.yaml".to_owned(), config);
    machine.files.insert(
        "/var/lib/rancher/k3s/server/token".to_owned(),
        File::of(sha256_hex(name.as_bytes()).as_bytes(), 0o600),
    );
    machine
}

fn debian(kernel: &str) -> Os {
    Os {
        id: "debian".to_owned(),
        version: "12".to_owned(),
        pretty: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        kernel: kernel.to_owned(),
    }
}

fn interface(name: &str) -> Interface {
    Interface { name: name.to_owned(), up: true, mac: String::new(), addresses: Vec::new() }
}

fn user(name: &str, password: &str, sudo: Sudo) -> User {
    User { name: name.to_owned(), password: password.to_owned(), sudo, authorized_keys: Vec::new() }
}
