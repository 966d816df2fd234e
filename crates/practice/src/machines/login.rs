//! Who may log in: host key, passwords, public keys, keyboard-interactive, as sshd with PAM would do it.

use super::{exec, wire};
use crate::homelab::{Homelab, User};
use russh::keys::ssh_key::PublicKey;
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, MethodKind, MethodSet, SshId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Serves one connection until it ends.
pub async fn greet(homelab: Arc<Homelab>, name: String, stream: TcpStream) {
    let Some((key, passwords)) = homelab
        .read(|state| state.machine(&name).map(|machine| (machine.host_key(), machine.password_login)))
    else {
        return;
    };
    let mut methods = MethodSet::empty();
    methods.push(MethodKind::PublicKey);
    if passwords {
        methods.push(MethodKind::Password);
        methods.push(MethodKind::KeyboardInteractive);
    }
    let config = Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u5")),
        methods,
        auth_rejection_time: Duration::from_millis(20),
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        max_auth_attempts: 6,
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    };
    let cut = CancellationToken::new();
    let (inside, carried) = wire::cable(Arc::clone(&homelab), name.clone(), stream, cut.clone());
    let visitor = Visitor {
        homelab,
        machine: name,
        user: String::new(),
        waiting: HashMap::new(),
        running: JoinSet::new(),
        cut,
    };
    let session = async {
        match russh::server::run_stream(Arc::new(config), inside, visitor).await {
            Ok(session) => {
                if let Err(error) = session.await {
                    tracing::debug!(%error, "an SSH session ended");
                }
            }
            Err(error) => tracing::debug!(%error, "an SSH session did not begin"),
        }
    };
    tokio::join!(carried, session);
}

/// One client on one machine.
struct Visitor {
    homelab: Arc<Homelab>,
    machine: String,
    user: String,
    waiting: HashMap<ChannelId, Channel<Msg>>,
    running: JoinSet<()>,
    cut: CancellationToken,
}

impl Visitor {
    fn account(&self, name: &str) -> Option<User> {
        self.homelab
            .read(|state| state.machine(&self.machine).and_then(|machine| machine.user(name)).cloned())
    }

    fn knows(&self, user: &str, key: &PublicKey) -> bool {
        let Some(account) = self.account(user) else { return false };
        account
            .authorized_keys
            .iter()
            .filter_map(|line| PublicKey::from_openssh(line).ok())
            .any(|known| known.key_data() == key.key_data())
    }

    fn admit(&mut self, user: &str, password: &str) -> Auth {
        match self.account(user) {
            Some(account) if account.password == password => {
                self.user = account.name;
                Auth::Accept
            }
            _ => Auth::reject(),
        }
    }
}

impl Handler for Visitor {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(self.admit(user, password))
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        Ok(if self.knows(user, offer.public_key) { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        if !self.knows(user, key.public_key) {
            return Ok(Auth::reject());
        }
        self.user = user.to_owned();
        Ok(Auth::Accept)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut answers) = response else {
            return Ok(Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)]),
            });
        };
        let answer =
            answers.next().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        Ok(self.admit(user, &answer))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.waiting.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        line: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let Some(channel) = self.waiting.remove(&id) else { return session.channel_failure(id) };
        session.channel_success(id)?;
        let line = String::from_utf8_lossy(line).into_owned();
        while self.running.try_join_next().is_some() {}
        let order = exec::Order {
            homelab: Arc::clone(&self.homelab),
            machine: self.machine.clone(),
            user: self.user.clone(),
            line,
            cut: self.cut.clone(),
        };
        self.running.spawn(exec::run(order, channel));
        Ok(())
    }

    async fn shell_request(&mut self, id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        session.channel_failure(id)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(id)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(id)
    }
}
