//! One remote command, from its privilege to its exit status.

use super::command::{Command, Privilege};
use super::plain;
use super::scripts::{self, Outcome};
use super::stdin::{self, Stdin};
use crate::fault::{Fault, Service};
use crate::homelab::{Homelab, Sudo};
use russh::server::Msg;
use russh::{Channel, ChannelWriteHalf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A command line, who sent it where, and the cable that it came over.
pub struct Order {
    pub homelab: Arc<Homelab>,
    pub machine: String,
    pub user: String,
    pub line: String,
    pub cut: CancellationToken,
}

/// Runs a command line and closes the channel with its exit status.
pub async fn run(order: Order, channel: Channel<Msg>) {
    let (mut stdin, to) = stdin::open(channel);
    let Some(outcome) = perform(&order, &mut stdin).await else { return order.cut.cancel() };
    if let Err(error) = reply(&to, &outcome).await {
        tracing::debug!(%error, "the client left before the answer");
    }
    // A reboot is scheduled by the script and takes effect once the reply is out, as `systemctl reboot` does.
    if outcome.reboots {
        tokio::spawn(reboot(order.homelab, order.machine));
    }
}

async fn reply(to: &ChannelWriteHalf<Msg>, outcome: &Outcome) -> Result<(), russh::Error> {
    if !outcome.stdout.is_empty() {
        to.data_bytes(outcome.stdout.clone().into_bytes()).await?;
    }
    if !outcome.stderr.is_empty() {
        to.extended_data_bytes(1, outcome.stderr.clone().into_bytes()).await?;
    }
    to.exit_status(outcome.status).await?;
    to.eof().await?;
    to.close().await
}

async fn reboot(homelab: Arc<Homelab>, machine: String) {
    tokio::time::sleep(Duration::from_millis(30)).await;
    let down = homelab.change_machine(&machine, |machine| {
        machine.lose_power();
        machine.rebooting = true;
    });
    if down.is_err() {
        return;
    }
    let (pace, homelab) = (homelab.pace, Arc::downgrade(&homelab));
    tokio::time::sleep(pace.reboot).await;
    // The plug may have been pulled meanwhile, or somebody switched it on, or the homelab is gone.
    let Some(homelab) = homelab.upgrade() else { return };
    let _ = homelab.change_machine(&machine, |machine| {
        if machine.rebooting {
            machine.boot(homelab.seed);
        }
    });
}

/// What the command left, or `None` when the connection is to end without an answer.
async fn perform(order: &Order, stdin: &mut Stdin) -> Option<Outcome> {
    let Order { homelab, machine, user, line, .. } = order;
    let Some(command) = Command::parse(line) else {
        return Some(Outcome::failed(2, "sh: 1: Syntax error: Unterminated quoted string\n"));
    };
    let root = match grant(homelab, machine, user, command.privilege, stdin).await {
        Ok(root) => root,
        Err(refusal) => return Some(refusal),
    };
    let script = if command.is_script() { scripts::receive(stdin).await } else { None };
    let call = script.as_deref().unwrap_or(line);
    let fault = homelab.faults.next(Service::Ssh, &format!("{machine} {call}"));
    match fault {
        Some(Fault::Error { status, body }) => return Some(Outcome::failed(status.into(), body)),
        Some(Fault::HtmlError { status }) => return Some(Outcome::failed(status.into(), "<html></html>\n")),
        Some(Fault::RateLimit { .. } | Fault::DropBefore) => return None,
        Some(Fault::Slow { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        _ => {}
    }
    let mut outcome = match &script {
        Some(name) => scripts::run(homelab, machine, root, name, stdin).await,
        None if command.is_script() => Outcome::said(""),
        None => {
            let who = if root { "root" } else { user };
            homelab.read(|state| match state.machine(machine) {
                Some(machine) => plain::answer(machine, who, &command.words),
                None => Outcome::failed(1, ""),
            })
        }
    };
    match fault {
        Some(Fault::SlowAfter { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(Fault::DropAfter | Fault::Torn | Fault::Partial) => {
            if outcome.reboots {
                tokio::spawn(reboot(Arc::clone(homelab), machine.clone()));
            }
            return None;
        }
        Some(Fault::Corrupt) => outcome.stdout = outcome.stdout.replacen(['0', '1', 'a', 'e'], "\u{fffd}", 1),
        _ => {}
    }
    Some(outcome)
}

/// Whether the command runs as root, or sudo's refusal.
async fn grant(
    homelab: &Homelab,
    machine: &str,
    user: &str,
    privilege: Privilege,
    stdin: &mut Stdin,
) -> Result<bool, Outcome> {
    let account =
        homelab.read(|state| state.machine(machine).and_then(|machine| machine.user(user)).cloned());
    let Some(account) = account else { return Err(Outcome::failed(1, "")) };
    match (privilege, account.sudo) {
        (Privilege::Own, sudo) => Ok(sudo == Sudo::Root),
        (_, Sudo::Root | Sudo::NoPassword) => Ok(true),
        (Privilege::SudoQuiet, _) => Err(Outcome::failed(1, "sudo: a password is required\n")),
        (Privilege::SudoTerminal, _) => Err(Outcome::failed(
            1,
            "sudo: a terminal is required to read the password; either use the -S option to read from standard \
             input or configure an askpass helper\nsudo: a password is required\n",
        )),
        (Privilege::SudoStdin, sudo) => {
            let mut said = String::new();
            for attempt in 1..=3 {
                match stdin.line().await {
                    Some(password) if password == account.password => {
                        if sudo == Sudo::None {
                            said.push_str(&format!("{user} is not in the sudoers file.\n"));
                            return Err(Outcome::failed(1, said));
                        }
                        return Ok(true);
                    }
                    Some(_) if attempt < 3 => said.push_str("Sorry, try again.\n"),
                    Some(_) => said.push_str("sudo: 3 incorrect password attempts\n"),
                    None if attempt == 1 => {
                        said.push_str("sudo: no password was provided\nsudo: a password is required\n")
                    }
                    None => {
                        let plural = if attempt == 2 { "" } else { "s" };
                        said.push_str(&format!(
                            "sudo: no password was provided\nsudo: {} incorrect password attempt{plural}\n",
                            attempt - 1
                        ));
                        return Err(Outcome::failed(1, said));
                    }
                }
            }
            Err(Outcome::failed(1, said))
        }
    }
}
