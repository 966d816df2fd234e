//! Logging in: each method in its turn, and a verdict that names what was tried and what is offered.
//!
//! Nothing here runs before the host key is accepted. A method that the server does not offer is not tried:
//! it could not succeed and would count against the server's limit of attempts.

use super::error::SshError;
use super::key_file;
use super::target::{Login, Method, Target};
use super::transport::{Ending, Gate};
use portico_domain::credential::Secret;
use russh::MethodKind;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::{AgentClient, AgentStream};
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKey, load_public_key};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long an agent may take to say which keys it has.
const AGENT_LIMIT: Duration = Duration::from_secs(5);

type Agent = AgentClient<Box<dyn AgentStream + Send + Unpin>>;

/// One login under way.
struct Attempt<'a> {
    handle: &'a mut Handle<Gate>,
    target: &'a Target,
    ending: watch::Receiver<Option<Ending>>,
    offered: Vec<MethodKind>,
    tried: Vec<String>,
    password_refused: bool,
    /// The first method that could not even be tried.
    hindrance: Option<SshError>,
}

pub(super) async fn log_in(
    handle: &mut Handle<Gate>,
    target: &Target,
    login: &Login,
    ending: watch::Receiver<Option<Ending>>,
) -> Result<(), SshError> {
    let mut attempt = Attempt {
        handle,
        target,
        ending,
        offered: Vec::new(),
        tried: Vec::new(),
        password_refused: false,
        hindrance: None,
    };
    // Asking for "none" is how a server says what it offers; a few let people in at that.
    let answer = attempt.handle.authenticate_none(&target.user).await;
    if attempt.settle(answer).await? {
        return Ok(());
    }
    for method in &login.methods {
        let outcome = match method {
            Method::Agent => attempt.by_agent(login).await,
            Method::KeyFile { path, passphrase } => attempt.by_key_file(path, passphrase.as_ref()).await,
            Method::Password(password) => attempt.by_password(password).await,
        };
        match outcome {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if attempt.handle.is_closed() => return Err(error),
            // An agent that is not there stands in nobody's way while there are other methods.
            Err(SshError::AgentUnavailable { .. }) if login.methods.len() > 1 => {}
            Err(error) => attempt.hindrance = attempt.hindrance.take().or(Some(error)),
        }
    }
    Err(attempt.verdict(None))
}

impl Attempt<'_> {
    fn offers(&self, kind: MethodKind) -> bool {
        self.offered.contains(&kind)
    }

    fn verdict(&mut self, cause: Option<String>) -> SshError {
        let (user, address) = (self.target.user.clone(), self.target.address.clone());
        if self.password_refused {
            return SshError::PasswordWrong { user, address };
        }
        if let Some(hindrance) = self.hindrance.take() {
            return hindrance;
        }
        let offered = self.offered.iter().map(|kind| <&str>::from(kind).to_owned()).collect();
        SshError::AuthenticationFailed {
            user,
            address,
            tried: std::mem::take(&mut self.tried),
            offered,
            cause,
        }
    }

    /// True when the server is satisfied; what it offers next is kept.
    async fn settle(&mut self, answer: Result<AuthResult, russh::Error>) -> Result<bool, SshError> {
        match answer {
            Ok(AuthResult::Success) => Ok(true),
            Ok(AuthResult::Failure { remaining_methods, .. }) if !self.handle.is_closed() => {
                self.offered = remaining_methods.iter().copied().collect();
                Ok(false)
            }
            _ => Err(self.cut_off().await),
        }
    }

    /// The server hung up: because of too many attempts, or for a reason of its own.
    async fn cut_off(&mut self) -> SshError {
        let ending = super::session::ending_of(&mut self.ending).await;
        match ending {
            Ending::Closed(message) if message.to_lowercase().contains("authentication") => {
                self.hindrance = None;
                self.verdict(Some(message))
            }
            Ending::Closed(cause) => SshError::Lost { address: self.target.address.clone(), cause },
            Ending::Silent => SshError::Lost {
                address: self.target.address.clone(),
                cause: "silence during the login".into(),
            },
        }
    }

    async fn by_key_file(&mut self, path: &Path, passphrase: Option<&Secret>) -> Result<bool, SshError> {
        let (file, secret) = (path.to_owned(), passphrase.map(Secret::duplicate));
        let loaded = tokio::task::spawn_blocking(move || key_file::load(&file, secret.as_ref())).await;
        let key = loaded.map_err(|error| SshError::KeyFileUnreadable {
            path: path.to_owned(),
            cause: error.to_string(),
        })??;
        if !self.offers(MethodKind::PublicKey) {
            return Ok(false);
        }
        self.tried.push(path.display().to_string());
        let hash = self.hash_for(key.algorithm()).await;
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        let answer = self.handle.authenticate_publickey(&self.target.user, key).await;
        self.settle(answer).await
    }

    /// RSA keys sign with SHA-512 unless the server says that it knows only SHA-256.
    async fn hash_for(&self, algorithm: Algorithm) -> Option<HashAlg> {
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return None;
        }
        match self.handle.best_supported_rsa_hash().await {
            Ok(Some(Some(hash))) => Some(hash),
            _ => Some(HashAlg::Sha512),
        }
    }

    async fn by_agent(&mut self, login: &Login) -> Result<bool, SshError> {
        if !self.offers(MethodKind::PublicKey) {
            return Ok(false);
        }
        let unavailable = |cause: String| SshError::AgentUnavailable { cause };
        let listed = tokio::time::timeout(AGENT_LIMIT, async {
            let mut agent = reach_agent(login.agent_socket.as_deref()).await?;
            let identities = agent.request_identities().await.map_err(|error| error.to_string())?;
            Ok((agent, identities))
        });
        let listed = listed.await.unwrap_or_else(|_| Err("the agent does not answer".to_owned()));
        let (mut agent, identities) = listed.map_err(unavailable)?;
        for identity in in_order(identities, login) {
            let (name, key) = match &identity {
                AgentIdentity::PublicKey { key, comment } => (comment, key.clone()),
                AgentIdentity::Certificate { certificate, comment } => {
                    (comment, PublicKey::new(certificate.public_key().clone(), ""))
                }
            };
            self.tried.push(format!("agent: {name}"));
            let hash = self.hash_for(key.algorithm()).await;
            let user = self.target.user.clone();
            let answer = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    self.handle.authenticate_publickey_with(user, key, hash, &mut agent).await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    self.handle.authenticate_certificate_with(user, certificate, hash, &mut agent).await
                }
            };
            // An agent may decline one key (the person said no) and still sign with the next.
            let Ok(answer) = answer else {
                if self.handle.is_closed() {
                    return Err(self.cut_off().await);
                }
                continue;
            };
            if self.settle(Ok(answer)).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn by_password(&mut self, password: &Secret) -> Result<bool, SshError> {
        if self.offers(MethodKind::Password) {
            self.tried.push("password".to_owned());
            let answer = self.handle.authenticate_password(&self.target.user, password.expose()).await;
            self.password_refused = !matches!(
                answer,
                Ok(AuthResult::Success | AuthResult::Failure { partial_success: true, .. })
            );
            return self.settle(answer).await;
        }
        if self.offers(MethodKind::KeyboardInteractive) {
            self.tried.push("keyboard-interactive".to_owned());
            return self.by_prompts(password).await;
        }
        Ok(false)
    }

    /// Answers the one hidden question with the password. A second hidden question is for something else (a
    /// one-time code), and the password must not be given to it.
    async fn by_prompts(&mut self, password: &Secret) -> Result<bool, SshError> {
        let mut answer = self.handle.authenticate_keyboard_interactive_start(&self.target.user, None).await;
        let mut given = false;
        loop {
            match answer {
                Ok(KeyboardInteractiveAuthResponse::Success) => return Ok(true),
                Ok(KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success }) => {
                    self.password_refused = given && !partial_success;
                    let answer = AuthResult::Failure { remaining_methods, partial_success };
                    return self.settle(Ok(answer)).await;
                }
                Ok(KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. }) => {
                    let hidden = prompts.iter().filter(|prompt| !prompt.echo).count();
                    if hidden > 1 || (given && !prompts.is_empty()) {
                        return Err(self.verdict(Some("the server asks for more than a password".to_owned())));
                    }
                    given |= hidden == 1;
                    let answers = prompts.iter().map(|prompt| match prompt.echo {
                        true => String::new(),
                        false => password.expose().to_owned(),
                    });
                    let answers = answers.collect();
                    answer = self.handle.authenticate_keyboard_interactive_respond(answers).await;
                }
                Err(_) => return Err(self.cut_off().await),
            }
        }
    }
}

/// Keys that belong to a named key file come first, and alone where only those are wanted.
fn in_order(mut identities: Vec<AgentIdentity>, login: &Login) -> Vec<AgentIdentity> {
    let named: Vec<PublicKey> = login
        .methods
        .iter()
        .filter_map(|method| match method {
            Method::KeyFile { path, .. } => load_public_key(format!("{}.pub", path.display())).ok(),
            _ => None,
        })
        .collect();
    let is_named = |identity: &AgentIdentity| match identity {
        AgentIdentity::PublicKey { key, .. } => named.iter().any(|named| named.key_data() == key.key_data()),
        AgentIdentity::Certificate { certificate, .. } => {
            named.iter().any(|named| named.key_data() == certificate.public_key())
        }
    };
    if login.identities_only {
        identities.retain(is_named);
    }
    identities.sort_by_key(|identity| !is_named(identity));
    identities
}

#[cfg(unix)]
async fn reach_agent(socket: Option<&Path>) -> Result<Agent, String> {
    let from_environment =
        || std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(Into::into);
    let socket = socket.map(Path::to_owned).or_else(from_environment).ok_or("SSH_AUTH_SOCK is not set")?;
    let agent = AgentClient::connect_uds(&socket).await;
    Ok(agent.map_err(|error| format!("{}: {error}", socket.display()))?.dynamic())
}

#[cfg(windows)]
async fn reach_agent(socket: Option<&Path>) -> Result<Agent, String> {
    let pipe = socket.unwrap_or(Path::new(r"\\.\pipe\openssh-ssh-agent"));
    let agent = AgentClient::connect_named_pipe(pipe).await;
    Ok(agent.map_err(|error| format!("{}: {error}", pipe.display()))?.dynamic())
}
