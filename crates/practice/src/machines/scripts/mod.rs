//! The product's scripts, acted out on the model: same values in, same lines and exit statuses out.
//!
//! A script is known by its first line, `# portico NAME`; its text is never run. The statuses are the scripts' own:
//! 10 refused, 20 checksum mismatch, 28 no space left, 30 the service did not start.

mod configure;
mod facts;
mod install;
mod place_file;
mod system;

use super::stdin::Stdin;
use crate::homelab::{Homelab, Machine, Role};
use std::sync::Arc;

pub const REFUSED: u32 = 10;
pub const CHECKSUM: u32 = 20;
pub const NO_SPACE: u32 = 28;
pub const NOT_STARTED: u32 = 30;

pub const BINARY: &str = "/usr/local/bin/k3s";
pub const INSTALLER: &str = "/usr/local/lib/portico/install.sh";
pub const IMAGES: &str = "/var/lib/rancher/k3s/agent/images/";
pub const CONFIG: &str = "/etc/rancher/k3s/config.yaml";
pub const TOKEN: &str = "/etc/rancher/k3s/join-token";
pub const MARKER: &str = "/etc/rancher/k3s/.portico";
pub const NODE_TOKEN: &str = "/var/lib/rancher/k3s/server/node-token";
pub const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";
pub const PART: &str = ".portico-part";

/// What a remote command left: its output and exit status.
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub status: u32,
    /// The machine goes down once the reply is out.
    pub reboots: bool,
}

impl Outcome {
    pub fn said(stdout: impl Into<String>) -> Outcome {
        Outcome { stdout: stdout.into(), stderr: String::new(), status: 0, reboots: false }
    }

    pub fn failed(status: u32, stderr: impl Into<String>) -> Outcome {
        Outcome { stdout: String::new(), stderr: stderr.into(), status, reboots: false }
    }

    fn refused(code: &str, text: &str) -> Outcome {
        Outcome::failed(REFUSED, format!("reason={code} {text}\n"))
    }

    fn not_permitted(path: &str) -> Outcome {
        Outcome::failed(2, format!("sh: 1: cannot create {path}: Permission denied\n"))
    }
}

/// What of an unmarked machine's K3s is in the way.
fn foreign(machine: &Machine) -> Option<String> {
    if machine.files.contains_key(MARKER) {
        return None;
    }
    let unit = |role: Role| format!("/etc/systemd/system/{}.service", role.unit());
    let found = [BINARY.to_owned(), unit(Role::Server), unit(Role::Agent)];
    found.into_iter().find(|path| machine.files.contains_key(path))
}

/// The unit file of the other role, if that is what this machine runs.
fn other_role(machine: &Machine, role: Role) -> Option<&'static str> {
    let other = if role == Role::Server { Role::Agent } else { Role::Server };
    machine.k3s.as_ref().filter(|k3s| k3s.role == other).map(|_| other.unit())
}

async fn read_role(stdin: &mut Stdin) -> Result<Role, Outcome> {
    match stdin.line().await.unwrap_or_default().as_str() {
        "server" => Ok(Role::Server),
        "agent" => Ok(Role::Agent),
        other => Err(Outcome::refused("role-unknown", other)),
    }
}

/// The files that a script works on, seen by name on one machine.
struct Place<'a> {
    homelab: &'a Arc<Homelab>,
    machine: &'a str,
}

impl Place<'_> {
    fn look<R: Default>(&self, look: impl FnOnce(&Machine) -> R) -> R {
        self.homelab.read(|state| state.machine(self.machine).map(look)).unwrap_or_default()
    }

    fn change<R: Default>(&self, act: impl FnOnce(&mut Machine) -> R) -> R {
        self.homelab.change_machine(self.machine, act).unwrap_or_default()
    }
}

/// Reads a script from stdin as the bootstrap does and tells its name.
///
/// What is no length makes `dd` copy nothing, and the empty script succeeds in silence: `None`.
pub async fn receive(stdin: &mut Stdin) -> Option<String> {
    let length = stdin.line().await?.trim().parse().ok()?;
    let text = String::from_utf8_lossy(&stdin.exact(length).await).into_owned();
    let name = text.lines().next().and_then(|line| line.strip_prefix("# portico ")).unwrap_or_default();
    Some(name.trim().to_owned())
}

/// Acts a script out, its values still on stdin.
pub async fn run(
    homelab: &Arc<Homelab>,
    machine: &str,
    root: bool,
    name: &str,
    stdin: &mut Stdin,
) -> Outcome {
    let place = Place { homelab, machine };
    match name {
        "facts" => facts::run(&place, root, stdin).await,
        "place-file" => place_file::run(&place, root, stdin).await,
        "configure" => configure::run(&place, root, stdin).await,
        "install" => install::run(&place, root, stdin).await,
        "token" => system::token(&place, root),
        "kubeconfig" => system::kubeconfig(&place, root),
        "journal" => system::journal(&place, root, stdin).await,
        "cgroup-fix" => system::cgroup_fix(&place, root),
        "reboot" => system::reboot(&place, root),
        "remove-part" => system::remove_part(&place, root),
        _ => Outcome::failed(127, "sh: 1: practice knows no such script\n"),
    }
}
