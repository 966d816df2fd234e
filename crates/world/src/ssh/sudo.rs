//! Becoming root: how it works on this machine is found out once per connection, and sudoers is left alone.
//!
//! A password is proved by a command that does nothing before any script is sent behind it. Otherwise sudo
//! would take the script's first lines for second and third guesses.

use super::error::SshError;
use super::exec::Input;
use super::script::{BOOTSTRAP, Output, Privilege, Script, Values};
use super::session::Session;
use portico_domain::credential::Secret;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How the logged-in user becomes root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elevation {
    /// It is root already.
    Root,
    /// sudo asks for nothing.
    NoPassword,
    /// sudo asks for the user's password.
    Password,
}

/// No prompt text, no cached permission, the password from stdin.
const WITH_PASSWORD: &str = "sudo -k -S -p '' ";

impl Session {
    /// Runs a script to its end. Its exit status is in the output: only what kept it from running is an error.
    ///
    /// # Errors
    /// [`SshError::SudoPasswordNeeded`] before anything is sent, when root needs a password that
    /// [`Session::unlock_sudo`] has not been given; [`SshError::Cancelled`]; the loss of the connection; a
    /// body that cannot be read.
    pub async fn run(
        &self,
        script: &Script,
        values: Values,
        privilege: Privilege,
        cancel: &CancellationToken,
    ) -> Result<Output, SshError> {
        if values.broken_line {
            return Err(SshError::ValueInvalid { script: script.name });
        }
        let elevation = match privilege {
            Privilege::None => Elevation::Root,
            Privilege::Root => tokio::select! {
                () = cancel.cancelled() => return Err(SshError::Cancelled),
                elevation = self.elevation() => elevation?,
            },
        };
        let mut head = Vec::with_capacity(3);
        let command = match elevation {
            Elevation::Root => BOOTSTRAP.to_owned(),
            Elevation::NoPassword => format!("sudo -n {BOOTSTRAP}"),
            Elevation::Password => {
                head.push(self.password_line()?);
                format!("{WITH_PASSWORD}{BOOTSTRAP}")
            }
        };
        let mut text = Vec::with_capacity(script.text.len() + 16);
        text.extend_from_slice(format!("{}\n", script.text.len()).as_bytes());
        text.extend_from_slice(script.text.as_bytes());
        head.push(Zeroizing::new(text));
        head.push(values.bytes);
        let input = Input { head, body: values.body };
        let output = self.exec(script.name, &command, input, cancel).await?;
        let said = ["sudo: ", "Sorry, "].iter().any(|words| output.stderr.starts_with(words));
        if elevation != Elevation::Root && output.status == 1 && said {
            // The permission that was there at the start has gone meanwhile, or it is for other commands.
            return Err(self.sudo_refusal(&output.stderr));
        }
        Ok(output)
    }

    /// How the user becomes root here; asked of the machine once.
    ///
    /// # Errors
    /// [`SshError::SudoRefused`] where there is no sudo; the loss of the connection.
    pub async fn elevation(&self) -> Result<Elevation, SshError> {
        self.elevation.get_or_try_init(|| self.detect_elevation()).await.copied()
    }

    async fn detect_elevation(&self) -> Result<Elevation, SshError> {
        if self.target.user == "root" {
            return Ok(Elevation::Root);
        }
        let never = CancellationToken::new();
        let (id, sudo) = tokio::join!(
            self.exec("id", "id -u", Input::default(), &never),
            self.exec("sudo", "sudo -n true", Input::default(), &never),
        );
        if id?.text().trim() == "0" {
            return Ok(Elevation::Root);
        }
        let sudo = sudo?;
        match sudo.status {
            0 => Ok(Elevation::NoPassword),
            126 | 127 => Err(self.sudo_refusal(&sudo.stderr)),
            _ if is_refusal(&sudo.stderr) => Err(self.sudo_refusal(&sudo.stderr)),
            _ => Ok(Elevation::Password),
        }
    }

    /// Proves the user's password to sudo and keeps it, in memory, for this connection. Where no password is
    /// needed nothing is sent.
    ///
    /// # Errors
    /// [`SshError::SudoPasswordWrong`]; [`SshError::SudoRefused`] when the password is right but the user may
    /// not become root.
    pub async fn unlock_sudo(&self, password: Secret) -> Result<(), SshError> {
        if self.elevation().await? != Elevation::Password {
            return Ok(());
        }
        let input = Input { head: vec![line(&password)], body: None };
        let command = format!("{WITH_PASSWORD}true");
        let output = self.exec("sudo", &command, input, &CancellationToken::new()).await?;
        if output.status != 0 {
            return Err(self.sudo_refusal(&output.stderr));
        }
        *self.sudo_password.lock().unwrap_or_else(|e| e.into_inner()) = Some(password);
        Ok(())
    }

    fn password_line(&self) -> Result<Zeroizing<Vec<u8>>, SshError> {
        let password = self.sudo_password.lock().unwrap_or_else(|e| e.into_inner());
        let needed = || SshError::SudoPasswordNeeded {
            user: self.target.user.clone(),
            address: self.target.address.clone(),
        };
        password.as_ref().map(line).ok_or_else(needed)
    }

    fn sudo_refusal(&self, stderr: &str) -> SshError {
        let (user, address) = (self.target.user.clone(), self.target.address.clone());
        let cause = stderr.trim().to_owned();
        if is_refusal(&cause) || cause.contains("not found") {
            SshError::SudoRefused { user, address, cause }
        } else if cause == "sudo: a password is required" {
            SshError::SudoPasswordNeeded { user, address }
        } else {
            SshError::SudoPasswordWrong { user, address, cause }
        }
    }
}

/// What sudo says to a user who may not, whatever the password.
fn is_refusal(stderr: &str) -> bool {
    [
        "not in the sudoers file",
        "may not run sudo",
        "is not allowed to",
        "must have a tty",
        "account validation",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}

fn line(password: &Secret) -> Zeroizing<Vec<u8>> {
    let text = password.expose();
    let mut line = Vec::with_capacity(text.len() + 1);
    line.extend_from_slice(text.as_bytes());
    line.push(b'\n');
    Zeroizing::new(line)
}
