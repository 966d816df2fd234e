//! Observe, plan, apply, verify: the one way in which anything is ever written.
//!
//! `preview(Change) -> Plan`, `apply(Plan) -> Run`, `cancel(Run)`, `watch()`. The engine owns the database,
//! the sessions to machines and the clock; what a step means is `domain`'s, how a protocol is spoken is
//! `world`'s. There is no other path to a write.

mod alerts;
mod apply;
mod commands;
mod components;
mod conditions;
mod connect;
mod credentials;
mod diagnose;
mod estimate;
mod events;
mod history;
mod home;
mod inquiry;
mod keys;
mod lock;
mod observe;
mod outside;
mod perform;
mod preview;
mod pulse;
mod rehearsal;
mod sample;
mod scan;
mod schedule;
mod standing;
mod store;
mod support;
mod tokens;
mod undo;
mod watch;
mod watcher;

pub use alerts::{Alerting, Alerts, ChannelDraft, ChannelState, Delivery, Words};
pub use components::{ComponentState, NamesReport};
pub use connect::{ConnectRequest, Connected, LoginMethod};
pub use credentials::{ChannelSecret, Credentials, PinnedKey, SavedLogin, StoredFile, StoredToken};
pub use history::{HistoryOf, HistoryStorage, Recorder};
pub use home::{AtHome, HomeAuthority};
pub use keys::KeysState;
pub use portico_domain::host::interface::Interface;
pub use portico_world::cloudflare::token_template;
pub use portico_world::endpoints::Endpoints;
pub use portico_world::lan::interfaces;
pub use portico_world::pace::Pace;
pub use portico_world::secrets::SecretStore;
pub use scan::ScanRequest;
pub use support::SupportBundle;
pub use watch::Watch;

use events::Events;
use outside::Outside;
use portico_domain::event::Event;
use portico_domain::flow::FlowGraph;
use portico_domain::problem::{Code, Problem};
use portico_domain::run::Run;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use store::Store;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Gives unix milliseconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What an engine is made of. Only clock and secret store are passed as values; all else is an address.
pub struct Options {
    pub endpoints: Endpoints,
    /// The folder for the database, pinned host keys, kubeconfig and downloads; created with mode 0700.
    pub data: PathBuf,
    pub secrets: SecretStore,
    pub clock: Clock,
    /// How long waiting takes.
    pub pace: Pace,
}

/// The system's clock, unix milliseconds.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    outside: Outside,
    events: Events,
    data: PathBuf,
    /// Runs of this process that are at work.
    running: Mutex<HashMap<String, CancellationToken>>,
    scans: Mutex<HashMap<String, CancellationToken>>,
    /// By failed run, the run that undoes it.
    undone: Mutex<HashMap<String, String>>,
    /// The picture that was told last.
    pictured: Mutex<Option<Arc<FlowGraph>>>,
    /// The conditions that were told last.
    told: Mutex<conditions::Told>,
    /// Whether this process tells what is wrong beyond this computer.
    telling: AtomicBool,
    /// Per machine, the last look that is shared.
    looks: tokio::sync::Mutex<HashMap<String, observe::SharedLook>>,
    meter: observe::Meter,
    turns: observe::Turns,
}

impl Engine {
    pub async fn open(options: Options) -> Result<Self, Problem> {
        let data = options.data.clone();
        let failed =
            |cause: String| Problem::new(Code::StoreFailed).arg("path", data.display()).detail(cause);
        private_folder(&data).map_err(|error| failed(error.to_string()))?;
        let store = Store::open(&data.join("portico.db")).await?;
        let outside = Outside::new(options)?;
        let inner = Inner {
            store,
            outside,
            events: Events::default(),
            data,
            running: Mutex::default(),
            scans: Mutex::default(),
            undone: Mutex::default(),
            pictured: Mutex::default(),
            told: Mutex::default(),
            telling: AtomicBool::default(),
            looks: Default::default(),
            meter: Default::default(),
            turns: Default::default(),
        };
        let engine = Self { inner: Arc::new(inner) };
        // Whoever holds the lock is at work; if nobody does, what is marked running was cut off.
        if let Some(_lock) = lock::try_lock(&engine.inner.data, lock::RUN)? {
            engine.inner.store.interrupt_runs(engine.now()).await?;
        }
        Ok(engine)
    }

    fn now(&self) -> i64 {
        (self.inner.outside.clock)()
    }

    /// Everything that happens from now on, in order and numbered.
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.inner.events.listen()
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.inner.outside.endpoints
    }

    pub async fn runs(&self) -> Result<Vec<Run>, Problem> {
        self.inner.store.runs().await
    }

    pub async fn run(&self, id: &str) -> Result<Run, Problem> {
        self.inner.store.run(id).await?.ok_or_else(|| Problem::new(Code::RunMissing).arg("run", id))
    }
}

fn private_folder(path: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
