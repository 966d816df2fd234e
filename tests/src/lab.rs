//! The proving ground from Rust: a lab of real systemd machines for the life of a value.
//!
//! Thin calls to `tests/ground/lab/lab`, which does the work and explains itself; nothing is decided here.
//! Needs root on Linux. What is not here: the stand-in K3s (`tests/ground/standin`) and any story.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A set of machines that is up; dropping it takes all of it down.
pub struct Lab {
    name: String,
    machines: Vec<Machine>,
    users: Vec<User>,
    keys: Keys,
}

/// One machine: `h1`, at 10.88.0.11, and so on.
#[derive(Clone, Debug)]
pub struct Machine {
    pub name: String,
    pub address: String,
    /// SHA-256 fingerprint of its ed25519 host key, as OpenSSH prints it.
    pub host_key: String,
    pub machine_id: String,
}

/// Who can log in to every machine, by each of the lab's keys.
#[derive(Clone, Debug)]
pub struct User {
    pub name: String,
    /// `none` (root), `nopasswd`, `password`, `refused`.
    pub sudo: String,
    pub password: Option<String>,
}

/// Private key files that every machine accepts.
#[derive(Clone, Debug)]
pub struct Keys {
    pub ed25519: PathBuf,
    pub rsa: PathBuf,
    /// Encrypted with `passphrase`.
    pub locked: PathBuf,
    pub passphrase: String,
}

impl Lab {
    /// Starts `count` machines and waits until each answers by SSH. The name (a-z, 0-9, -) keeps labs apart; a lab of
    /// that name that an earlier, killed test left behind is taken down first. Panics with the script's last words.
    pub fn up(name: &str, count: usize) -> Lab {
        let mut lab = Lab {
            name: name.to_owned(),
            machines: Vec::new(),
            users: Vec::new(),
            keys: Keys {
                ed25519: PathBuf::new(),
                rsa: PathBuf::new(),
                locked: PathBuf::new(),
                passphrase: String::new(),
            },
        };
        lab.tell(&["down"]);
        lab.tell(&["up", &count.to_string()]);
        lab.look();
        lab
    }

    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// The machine called `name`; panics when there is none.
    pub fn machine(&self, name: &str) -> &Machine {
        self.machines.iter().find(|machine| machine.name == name).expect("a machine of this lab")
    }

    /// The user called `name`: root, op, pat or guest.
    pub fn user(&self, name: &str) -> &User {
        self.users.iter().find(|user| user.name == name).expect("a user of the ground")
    }

    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A command that runs `program` on this computer, inside the lab's network.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/portico-{}", self.name)).arg("--").arg(program);
        command
    }

    /// Runs a shell command as root at the machine's console and returns its output; panics unless it ends with 0.
    pub fn run(&self, host: &str, script: &str) -> String {
        self.tell(&["run", host, script])
    }

    /// Like [`Lab::run`], for commands that may fail.
    pub fn try_run(&self, host: &str, script: &str) -> Output {
        self.script(&["run", host, script])
    }

    /// Pulls the plug: nothing on the machine gets a chance to end in order.
    pub fn crash(&self, host: &str) {
        self.tell(&["crash", host]);
    }

    /// Switches a machine on and waits until it answers.
    pub fn start(&self, host: &str) {
        self.tell(&["start", host]);
        self.tell(&["wait", host]);
    }

    /// An orderly reboot; returns when the machine answers again.
    pub fn reboot(&self, host: &str) {
        self.tell(&["reboot", host]);
    }

    /// Waits until the machine answers by SSH; for reboots that someone else began.
    pub fn wait(&self, host: &str) {
        self.tell(&["wait", host]);
    }

    /// Unplugs the network cable.
    pub fn cut(&self, host: &str) {
        self.tell(&["cut", host]);
    }

    pub fn join(&self, host: &str) {
        self.tell(&["join", host]);
    }

    /// Stops every sshd of the machine where it stands: connections stay open, and nothing comes back.
    pub fn hang(&self, host: &str) {
        self.tell(&["hang", host]);
    }

    pub fn wake(&self, host: &str) {
        self.tell(&["wake", host]);
    }

    /// K3s waits before it starts: until [`Lab::release`], or until the machine loses its power.
    pub fn hold(&self, host: &str) {
        self.tell(&["hold", host]);
    }

    pub fn release(&self, host: &str) {
        self.tell(&["release", host]);
    }

    /// Lets another program listen on a TCP port of the machine.
    pub fn busy(&self, host: &str, port: u16) {
        self.tell(&["busy", host, &port.to_string()]);
    }

    /// Puts the machine's clock off by so many seconds, as far as `date`, `timedatectl` and the stand-in K3s tell.
    pub fn clock(&self, host: &str, seconds: i64) {
        self.tell(&["clock", host, &seconds.to_string()]);
    }

    /// New SSH host keys, as after a reinstallation.
    pub fn swap_key(&mut self, host: &str) {
        self.tell(&["swap-key", host]);
        self.look();
    }

    /// `copy` gets the machine id of `original`, as on a cloned disk.
    pub fn clone_id(&mut self, original: &str, copy: &str) {
        self.tell(&["clone-id", original, copy]);
        self.look();
    }

    /// Gives the machine a disk of its own of `mib` MiB, which `full` can fill.
    pub fn disk(&self, host: &str, mib: u32) {
        self.tell(&["disk", host, &mib.to_string()]);
    }

    /// Fills the machine's disk but for `kib` KiB.
    pub fn full(&self, host: &str, kib: u32) {
        self.tell(&["full", host, &kib.to_string()]);
    }

    pub fn free(&self, host: &str) {
        self.tell(&["free", host]);
    }

    /// Makes the machine a Raspberry Pi whose memory cgroup is off until cmdline.txt asks for it and it reboots.
    pub fn pi(&self, host: &str) {
        self.tell(&["pi", host]);
    }

    /// Serves the stand-in K3s that was built into `out` at [`Lab::MIRROR`].
    pub fn mirror(&self, out: &Path) {
        self.tell(&["mirror", out.to_str().expect("a path in UTF-8")]);
    }

    /// Puts what the machines would pull from a registry where they find it instead: they have no way out.
    pub fn registry(&self, version: &str) {
        let images = format!("{}/releases/{version}/k3s-airgap-images-amd64.tar", Self::MIRROR);
        for machine in &self.machines {
            let to = "/opt/ground/registry";
            self.run(&machine.name, &format!("mkdir -p {to} && curl -sf -o {to}/images.tar {images}"));
        }
    }

    /// The same for components that no K3s brings along: `traefik`, `cert-manager`, `sealed-secrets`, `cloudflared`, `gatus`.
    /// To be called before the machines become nodes.
    pub fn pulls(&self, components: &[&str]) {
        for machine in &self.machines {
            for component in components {
                let (from, to) =
                    (format!("{}/registry/{component}.tar", Self::MIRROR), "/opt/ground/registry");
                self.run(&machine.name, &format!("mkdir -p {to} && curl -sf -o {to}/{component}.tar {from}"));
            }
        }
    }

    /// Opens the lab's outside over a practice homelab's servers; see `outside.rs`, and `lab help` for what is `told`.
    pub fn outside(&self, out: &Path, told: &[&str]) {
        let mut arguments = vec!["outside", out.to_str().expect("a path in UTF-8")];
        arguments.extend(told);
        self.tell(&arguments);
    }

    /// Where the lab keeps its own files on this computer.
    pub fn folder(&self) -> &Path {
        self.keys.ed25519.parent().expect("the folder of the keys")
    }

    /// One of the faults of `mirror.py`, such as `corrupt k3s`; an empty one makes the mirror honest again.
    pub fn mirror_fault(&self, fault: &str) {
        let mut arguments = vec!["mirror-fault"];
        arguments.extend(fault.split_whitespace());
        self.tell(&arguments);
    }

    /// Base address of the mirror, seen from the lab's network.
    pub const MIRROR: &str = "http://10.88.0.1:8000";

    fn look(&mut self) {
        let seen: Value = serde_json::from_str(&self.tell(&["ls", "--json"])).expect("the lab's description");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        self.machines = list(&seen["machines"])
            .iter()
            .map(|machine| Machine {
                name: text(&machine["name"]),
                address: text(&machine["address"]),
                host_key: text(&machine["hostKey"]),
                machine_id: text(&machine["machineId"]),
            })
            .collect();
        self.users = list(&seen["users"])
            .iter()
            .map(|user| User {
                name: text(&user["name"]),
                sudo: text(&user["sudo"]),
                password: user["password"].as_str().map(str::to_owned),
            })
            .collect();
        let keys = &seen["keys"];
        self.keys = Keys {
            ed25519: text(&keys["ed25519"]).into(),
            rsa: text(&keys["rsa"]).into(),
            locked: text(&keys["locked"]).into(),
            passphrase: text(&keys["passphrase"]),
        };
    }

    fn tell(&self, arguments: &[&str]) -> String {
        let output = self.script(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "lab {}: {}: {errors}", arguments.join(" "), output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn script(&self, arguments: &[&str]) -> Output {
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/ground/lab/lab"))
            .args(["-n", &self.name])
            .args(arguments)
            .output()
            .expect("the lab's script runs")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let output = self.script(&["down"]);
        if !output.status.success() {
            eprintln!("lab {} is not down: {}", self.name, String::from_utf8_lossy(&output.stderr));
        }
    }
}
