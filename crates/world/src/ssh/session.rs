//! One connection to one machine, over which several scripts may run at once.
//!
//! Dropping the session closes the connection; dropping a run closes its channel. Reconnecting is the
//! caller's decision: only it knows whether what was under way may be repeated.

use super::auth;
use super::error::{SshError, Stage};
use super::host_keys::HostKeys;
use super::sudo::Elevation;
use super::target::{Login, Target, Timeouts};
use super::transport::{Arrival, Ending, Gate, arrive};
use portico_domain::credential::{HostKey, Secret};
use russh::client::Handle;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OnceCell, watch};

pub struct Session {
    pub(super) handle: Handle<Gate>,
    pub(super) target: Target,
    pub(super) elevation: OnceCell<Elevation>,
    pub(super) sudo_password: Mutex<Option<Secret>>,
    timeouts: Timeouts,
    host_key: HostKey,
    peer: SocketAddr,
    local: SocketAddr,
    ending: watch::Receiver<Option<Ending>>,
}

impl Session {
    /// Connects, checks the host key, and logs in.
    ///
    /// # Errors
    /// [`SshError::HostKeyUnknown`] at the first contact: show it, and [`HostKeys::pin`] it on a yes. Every
    /// other variant says which part failed; nothing was sent that a later attempt would have to undo.
    pub async fn connect(
        target: Target,
        login: &Login,
        host_keys: Arc<HostKeys>,
        timeouts: Timeouts,
    ) -> Result<Self, SshError> {
        let Arrival { mut handle, host_key, peer, local, ending } =
            arrive(&target, host_keys, timeouts).await?;
        let logging_in = auth::log_in(&mut handle, &target, login, ending.clone());
        tokio::time::timeout(timeouts.login, logging_in).await.unwrap_or_else(|_| {
            Err(SshError::TimedOut {
                address: target.address.clone(),
                port: target.port,
                stage: Stage::Login,
                seconds: timeouts.login.as_secs(),
            })
        })?;
        Ok(Self {
            handle,
            target,
            elevation: OnceCell::new(),
            sudo_password: Mutex::new(None),
            timeouts,
            host_key,
            peer,
            local,
            ending,
        })
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The key by which the machine proved itself.
    pub fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    /// The machine's address as it was reached.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The address of this computer on the way to the machine.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Says goodbye; dropping the session does the same without the word.
    pub async fn close(self) {
        let _ = self.handle.disconnect(russh::Disconnect::ByApplication, "", "en").await;
    }

    /// Why the connection is no more.
    pub(super) async fn lost(&self) -> SshError {
        let address = self.target.address.clone();
        match ending_of(&mut self.ending.clone()).await {
            Ending::Silent => SshError::TimedOut {
                address,
                port: self.target.port,
                stage: Stage::Silence,
                seconds: self.timeouts.silence.as_secs(),
            },
            Ending::Closed(cause) => SshError::Lost { address, cause },
        }
    }
}

/// The connection's end is noted an instant after its channels fall silent, so it is waited for.
pub(super) async fn ending_of(ending: &mut watch::Receiver<Option<Ending>>) -> Ending {
    const INSTANT: Duration = Duration::from_secs(1);
    let noted = tokio::time::timeout(INSTANT, ending.wait_for(Option::is_some)).await;
    let noted = noted.ok().and_then(Result::ok).and_then(|ending| ending.clone());
    noted.unwrap_or_else(|| Ending::Closed("closed without a word".to_owned()))
}
