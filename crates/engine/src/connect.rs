//! The first contact with a machine, and what is remembered of it.
//!
//! Nothing is written on the machine. The host key is accepted by naming its fingerprint: a yes to whatever
//! comes is not possible. Secrets are kept for this process, or in the keyring when that was agreed to.

use crate::Engine;
use portico_domain::cluster::{Machine, Role};
use portico_domain::credential::{Credential, CredentialKind, Secret};
use portico_domain::facts::MachineFacts;
use portico_domain::problem::{Code, Problem};
use portico_world::k3s;
use portico_world::ssh::{Session, SshError, Timeouts};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

/// How to prove who is logging in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LoginMethod {
    /// The agent and the usual key files, as `ssh` does.
    Usual,
    Agent,
    KeyFile {
        path: String,
    },
    Password,
}

/// What is remembered per address; never a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredLogin {
    pub user: Option<String>,
    pub method: LoginMethod,
    /// Whether the keyring was ever given a secret of it; not known of one that an earlier Portico stored.
    #[serde(default)]
    pub keyring: Option<bool>,
}

pub struct ConnectRequest {
    pub address: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub method: LoginMethod,
    /// For logging in and for sudo.
    pub password: Option<Secret>,
    /// Opens the key file.
    pub passphrase: Option<Secret>,
    /// The fingerprint that a person compared and accepted.
    pub accept: Option<String>,
    /// Keep password and passphrase in the keyring.
    pub remember: bool,
}

/// A machine that can be worked on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    pub address: String,
    pub user: String,
    pub fingerprint: String,
    pub facts: MachineFacts,
}

impl Engine {
    /// Logs in, proves that root can be had, and reads the machine's facts.
    pub async fn connect(&self, request: ConnectRequest) -> Result<Connected, Problem> {
        let outside = &self.inner.outside;
        let machine = Machine {
            name: String::new(),
            address: request.address.clone(),
            role: Role::Agent,
            user: request.user.clone(),
            port: request.port,
            interface: None,
        };
        let stored =
            StoredLogin { user: request.user.clone(), method: request.method.clone(), keyring: None };
        let (target, mut login) = outside.login(&machine, Some(stored)).await?;
        if let Some(passphrase) = &request.passphrase {
            login = login.with_passphrase(passphrase);
        }
        if let Some(password) = &request.password {
            login = login.or_password(password.duplicate());
        }
        if login.methods.is_empty() {
            return Err(Problem::new(Code::PasswordNeeded)
                .arg("user", &target.user)
                .arg("address", &target.address));
        }
        let open =
            || Session::connect(target.clone(), &login, outside.host_keys.clone(), Timeouts::default());
        let session = match open().await {
            Err(SshError::HostKeyUnknown { address, port, presented, .. })
                if request.accept.as_deref() == Some(&presented.fingerprint) =>
            {
                outside.host_keys.pin(&address, port, &presented).map_err(|error| Problem::from(&error))?;
                open().await
            }
            other => other,
        }
        .map_err(|error| Problem::from(&error))?;
        if let Some(password) = &request.password {
            session.unlock_sudo(password.duplicate()).await.map_err(|error| Problem::from(&error))?;
        }
        let clock = outside.clock.clone();
        let (reading, _) = k3s::gather(&session, k3s::Part::All, &*clock, &CancellationToken::new())
            .await
            .map_err(|error| Problem::from(&error))?;
        let connected = Connected {
            address: target.address.clone(),
            user: target.user.clone(),
            fingerprint: session.host_key().fingerprint.clone(),
            facts: reading.facts,
        };
        self.remember(request, &target.address, target.port, target.user).await?;
        Ok(connected)
    }

    async fn remember(
        &self,
        request: ConnectRequest,
        address: &str,
        port: u16,
        user: String,
    ) -> Result<(), Problem> {
        let remembers = request.remember && (request.passphrase.is_some() || request.password.is_some());
        let before: Option<StoredLogin> = self.inner.store.login(&request.address, port).await?;
        let keyring =
            if remembers { Some(true) } else { before.map_or(Some(false), |before| before.keyring) };
        let stored = StoredLogin { user: Some(user), method: request.method, keyring };
        self.inner.store.set_login(&request.address, port, &stored).await?;
        let outside = &self.inner.outside;
        let id = format!("{address}:{port}");
        for (kind, secret) in [
            (CredentialKind::SshPassphrase, request.passphrase),
            (CredentialKind::SshPassword, request.password),
        ] {
            let Some(secret) = secret else { continue };
            let credential = Credential::new(kind, id.clone());
            let kept = if request.remember { &outside.secrets } else { &outside.this_run };
            kept.set(&credential, secret).await.map_err(|error| Problem::from(&error))?;
            if request.remember {
                // An older one of this run would hide it.
                outside.this_run.delete(&credential).await.map_err(|error| Problem::from(&error))?;
            }
        }
        Ok(())
    }

    /// The login that was agreed on for a machine of the document.
    pub(crate) async fn stored_login(&self, machine: &Machine) -> Result<Option<StoredLogin>, Problem> {
        let (_, port) = self.inner.outside.place(&machine.address, machine.port)?;
        self.inner.store.login(&machine.address, port).await
    }

    /// A password for every machine that asks for one, for this process only.
    pub async fn use_password(&self, password: Secret) {
        self.inner.outside.set_any_password(password);
    }
}
