//! The clients of the outside world, made when they are first needed and kept: one SSH session per machine,
//! one Kubernetes client, one Cloudflare client.
//!
//! Secrets given for this run only live here, in memory, and nowhere else.

use crate::connect::{LoginMethod, StoredLogin};
use crate::{Clock, Options};
use portico_domain::cluster::Machine;
use portico_domain::credential::{Credential, CredentialKind, Secret};
use portico_domain::dns::Zone;
use portico_domain::problem::{Code, Problem};
use portico_domain::tunnel::{TunnelId, TunnelState};
use portico_world::cloudflare::Cloudflare;
use portico_world::endpoints::Endpoints;
use portico_world::k3s::{K3sSources, Store as K3sStore};
use portico_world::kube::{Kube, Model, with_server};
use portico_world::pace::Pace;
use portico_world::secrets::SecretStore;
use portico_world::ssh::{HostKeys, Login, Method, Session, SshConfig, Target, Timeouts};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The name under which the Cloudflare token lies in the keyring.
pub const CLOUDFLARE_TOKEN: &str = "default";

/// Zones and the ids of tunnels change rarely; they are asked anew after this.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How a tunnel is connected is looked at again and again while somebody watches: of five calls a minute in all, two.
const STATE_REMEMBERED: Duration = Duration::from_secs(30);

/// What changes still more rarely is not asked for in between: the account, and by how many processes a tunnel is held open
/// while Cloudflare calls its state the same.
const WATCHED: Duration = Duration::from_secs(300);

/// What is remembered of the account for a while.
#[derive(Default)]
struct Names {
    zones: Option<(Instant, Vec<Zone>)>,
    tunnels: HashMap<String, (Instant, TunnelId)>,
    states: HashMap<String, State>,
}

struct State {
    asked: Instant,
    counted: Instant,
    state: Option<TunnelState>,
}

/// The session to one machine; locked on its own, so that one machine's slow connect holds up no other.
type Slot = Arc<Mutex<Option<Arc<Session>>>>;

pub struct Outside {
    pub endpoints: Endpoints,
    pub secrets: SecretStore,
    /// Secrets that were given for this run only; asked before the keyring.
    pub this_run: SecretStore,
    pub clock: Clock,
    pub pace: Pace,
    pub host_keys: Arc<HostKeys>,
    pub k3s: K3sStore,
    pub kubeconfig: PathBuf,
    home: PathBuf,
    sessions: Mutex<HashMap<String, Slot>>,
    /// A password that fits machines that have none of their own.
    any_password: std::sync::Mutex<Option<Secret>>,
    /// The client of the cluster, and what is held of it.
    kube: Mutex<Option<(Kube, Arc<Model>)>>,
    cloudflare: Mutex<Option<Arc<Cloudflare>>>,
    names: Mutex<Names>,
}

impl Outside {
    pub fn new(options: Options) -> Result<Self, Problem> {
        let Options { endpoints, data, secrets, clock, pace } = options;
        let sources = K3sSources {
            releases: endpoints.k3s.releases.clone(),
            install: endpoints.k3s.install.clone(),
            channels: endpoints.k3s.channels.clone(),
        };
        let k3s = K3sStore::new(data.join("downloads"), sources).map_err(|error| Problem::from(&error))?;
        Ok(Self {
            host_keys: Arc::new(HostKeys::new(data.join("host-keys.json"), HostKeys::user_known_hosts())),
            k3s,
            kubeconfig: data.join("kubeconfig"),
            home: std::env::home_dir().unwrap_or_default(),
            endpoints,
            secrets,
            clock,
            pace,
            sessions: Mutex::default(),
            this_run: SecretStore::in_memory(),
            any_password: std::sync::Mutex::default(),
            kube: Mutex::default(),
            cloudflare: Mutex::default(),
            names: Mutex::default(),
        })
    }

    pub fn set_any_password(&self, password: Secret) {
        *self.any_password.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(password);
    }

    async fn kept(&self, kind: CredentialKind, id: &str) -> Option<Secret> {
        let credential = Credential::new(kind, id);
        match self.this_run.get(&credential).await {
            Ok(secret) => Some(secret),
            Err(_) => self.secrets.get(&credential).await.ok(),
        }
    }

    async fn password(&self, address: &str, port: u16) -> Option<Secret> {
        let own = self.kept(CredentialKind::SshPassword, &format!("{address}:{port}")).await;
        own.or_else(|| {
            self.any_password
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .as_ref()
                .map(Secret::duplicate)
        })
    }

    /// Where a machine is and how it is logged in to: what the document says, then what was said when it was
    /// connected, then `~/.ssh/config` and the usual keys.
    pub async fn login(
        &self,
        machine: &Machine,
        stored: Option<StoredLogin>,
    ) -> Result<(Target, Login), Problem> {
        let user = machine.user.as_deref().or(stored.as_ref().and_then(|stored| stored.user.as_deref()));
        let (target, mut login) = self.target(&machine.address, user, machine.port)?;
        match stored.map(|stored| stored.method) {
            Some(LoginMethod::KeyFile { path }) => {
                login.methods = vec![Method::KeyFile { path: path.into(), passphrase: None }];
            }
            Some(LoginMethod::Agent) => login.methods.retain(|method| matches!(method, Method::Agent)),
            Some(LoginMethod::Password) => login.methods.clear(),
            Some(LoginMethod::Usual) | None => {}
        }
        let id = format!("{}:{}", target.address, target.port);
        if let Some(passphrase) = self.kept(CredentialKind::SshPassphrase, &id).await {
            login = login.with_passphrase(&passphrase);
        }
        if let Some(password) = self.password(&target.address, target.port).await {
            login = login.or_password(password);
        }
        Ok((target, login))
    }

    /// Where an address leads to, which may be a name in `~/.ssh/config`, and how one logs in there.
    fn target(
        &self,
        address: &str,
        user: Option<&str>,
        port: Option<u16>,
    ) -> Result<(Target, Login), Problem> {
        // Practice's machines listen elsewhere; the real world's port is OpenSSH's own, which that file may change.
        let usual = Some(self.endpoints.ports.ssh).filter(|usual| *usual != 22);
        let config = SshConfig::load(&self.home).map_err(|error| Problem::from(&error))?;
        config.target(address, user, port.or(usual)).map_err(|error| Problem::from(&error))
    }

    /// The address and port at which SSH is asked for a machine.
    pub fn place(&self, address: &str, port: Option<u16>) -> Result<(String, u16), Problem> {
        let (target, _) = self.target(address, None, port)?;
        Ok((target.address, target.port))
    }

    /// An address and, where it is an alias of `~/.ssh/config`, what that gives for it: logins are stored under the one,
    /// their secrets and host keys under the other.
    pub fn addresses(&self, address: &str) -> Vec<String> {
        let place = self.place(address, None).ok();
        let resolved = place.map(|(resolved, _)| resolved).filter(|resolved| resolved != address);
        resolved.into_iter().chain([address.to_owned()]).collect()
    }

    /// Opens a session without keeping it; sudo is unlocked where a password is known.
    pub async fn open(&self, target: Target, login: &Login) -> Result<Session, Problem> {
        let (address, port) = (target.address.clone(), target.port);
        let session = Session::connect(target, login, self.host_keys.clone(), Timeouts::default())
            .await
            .map_err(|error| Problem::from(&error))?;
        if let Some(password) = self.password(&address, port).await {
            session.unlock_sudo(password).await.map_err(|error| Problem::from(&error))?;
        }
        Ok(session)
    }

    /// The one session to a machine; a broken one is replaced.
    pub async fn session(
        &self,
        machine: &Machine,
        stored: Option<StoredLogin>,
    ) -> Result<Arc<Session>, Problem> {
        let slot = self.sessions.lock().await.entry(machine.address.clone()).or_default().clone();
        // Per machine: a machine that hangs while connecting holds up nobody else.
        let mut slot = slot.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| !session.is_closed()) {
            return Ok(session.clone());
        }
        let (target, login) = self.login(machine, stored).await?;
        let session = Arc::new(self.open(target, &login).await?);
        *slot = Some(session.clone());
        Ok(session)
    }

    /// Forgets the session, as after a reboot: the next use opens a new one.
    pub async fn drop_session(&self, address: &str) {
        self.sessions.lock().await.remove(address);
    }

    /// The client of the cluster; a problem says that there is no kubeconfig yet.
    pub async fn kube(&self) -> Result<Kube, Problem> {
        self.cluster().await.map(|(kube, _)| kube)
    }

    /// The client of the cluster, and the model of it: empty as long as nobody follows the cluster for it.
    pub async fn cluster(&self) -> Result<(Kube, Arc<Model>), Problem> {
        let mut slot = self.kube.lock().await;
        if let Some(cluster) = slot.as_ref() {
            return Ok(cluster.clone());
        }
        let kube = self.connect(&self.kubeconfig().await?).await?;
        Ok(slot.insert((kube, Arc::default())).clone())
    }

    /// A client of the same cluster at one server of it.
    pub async fn kube_at(&self, server: IpAddr) -> Result<Kube, Problem> {
        self.connect(&self.pointed_at(server, &self.kubeconfig().await?)?).await
    }

    /// The same kubeconfig for the API of the server at this address.
    pub fn pointed_at(&self, server: IpAddr, kubeconfig: &Secret) -> Result<Secret, Problem> {
        let server = SocketAddr::new(server, self.endpoints.ports.api);
        with_server(kubeconfig, &format!("https://{server}")).map_err(|error| Problem::from(&error))
    }

    async fn connect(&self, kubeconfig: &Secret) -> Result<Kube, Problem> {
        Kube::connect(kubeconfig, self.pace).await.map_err(|error| Problem::from(&error))
    }

    /// What the cluster is reached with, as it is stored.
    pub async fn kubeconfig(&self) -> Result<Secret, Problem> {
        let text = tokio::fs::read_to_string(&self.kubeconfig).await;
        text.map(Secret::new).map_err(|error| Problem::new(Code::NoCluster).detail(error))
    }

    /// Stores a kubeconfig, mode 0600, written beside and renamed.
    pub async fn set_kubeconfig(&self, kubeconfig: &Secret) -> Result<(), Problem> {
        let path = self.kubeconfig.clone();
        let failed =
            |error: std::io::Error| Problem::new(Code::StoreFailed).arg("path", path.display()).detail(error);
        let folder = self.kubeconfig.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        std::io::Write::write_all(&mut file, kubeconfig.expose().as_bytes()).map_err(failed)?;
        file.persist(&self.kubeconfig).map_err(|error| failed(error.error))?;
        if let Some((_, model)) = self.kube.lock().await.take() {
            model.close();
        }
        Ok(())
    }

    pub async fn cloudflare(&self) -> Result<Arc<Cloudflare>, Problem> {
        let mut slot = self.cloudflare.lock().await;
        if let Some(cloudflare) = slot.as_ref() {
            return Ok(cloudflare.clone());
        }
        let credential = Credential::new(CredentialKind::CloudflareToken, CLOUDFLARE_TOKEN);
        let cloudflare = Arc::new(self.client(self.secret(&credential).await?)?);
        *slot = Some(cloudflare.clone());
        Ok(cloudflare)
    }

    /// A client for a token that is not kept (yet).
    pub fn client(&self, token: Secret) -> Result<Cloudflare, Problem> {
        Cloudflare::connect(&self.endpoints.cloudflare, token, self.pace)
            .map_err(|error| Problem::from(&error))
    }

    /// A secret that was given for this run, or is kept.
    pub async fn secret(&self, credential: &Credential) -> Result<Secret, Problem> {
        match self.this_run.get(credential).await {
            Ok(secret) => Ok(secret),
            Err(_) => self.secrets.get(credential).await.map_err(|error| Problem::from(&error)),
        }
    }

    /// The zones that the token sees, as of the last minute.
    pub async fn zones(&self) -> Result<Vec<Zone>, Problem> {
        self.zones_as_of(REMEMBERED).await
    }

    async fn zones_as_of(&self, age: Duration) -> Result<Vec<Zone>, Problem> {
        let cloudflare = self.cloudflare().await?;
        let mut names = self.names.lock().await;
        if let Some((_, zones)) = names.zones.as_ref().filter(|(at, _)| at.elapsed() < self.pace.of(age)) {
            return Ok(zones.clone());
        }
        let zones = cloudflare.zones().await.map_err(|error| Problem::from(&error))?;
        names.zones = Some((Instant::now(), zones.clone()));
        Ok(zones)
    }

    /// The live tunnel of this name, as of the last minute; that there is none is never remembered.
    pub async fn tunnel_id(&self, name: &str) -> Result<Option<TunnelId>, Problem> {
        let zones = self.zones().await?;
        let cloudflare = self.cloudflare().await?;
        let mut names = self.names.lock().await;
        if let Some((_, id)) =
            names.tunnels.get(name).filter(|(at, _)| at.elapsed() < self.pace.of(REMEMBERED))
        {
            return Ok(Some(id.clone()));
        }
        let Some(zone) = zones.first() else { return Ok(None) };
        let found =
            cloudflare.find_tunnel(&zone.account_id, name).await.map_err(|error| Problem::from(&error))?;
        let id = found.map(|(id, _)| id);
        if let Some(id) = &id {
            names.tunnels.insert(name.to_owned(), (Instant::now(), id.clone()));
        }
        Ok(id)
    }

    /// How Cloudflare sees the tunnel's connections, as of the last half minute; `None` where there is no such tunnel.
    pub async fn tunnel_state(&self, name: &str) -> Result<Option<TunnelState>, Problem> {
        let zones = self.zones_as_of(WATCHED).await?;
        let cloudflare = self.cloudflare().await?;
        let mut names = self.names.lock().await;
        let before = names.states.get(name);
        if let Some(known) = before.filter(|known| known.asked.elapsed() < self.pace.of(STATE_REMEMBERED)) {
            return Ok(known.state.clone());
        }
        let told = |error| Problem::from(&error);
        let Some(zone) = zones.first() else { return Ok(None) };
        let asked = Instant::now();
        let mut state = State { asked, counted: asked, state: None };
        if let Some((id, now)) = cloudflare.find_tunnel(&zone.account_id, name).await.map_err(told)? {
            let same = before.filter(|before| before.counted.elapsed() < self.pace.of(WATCHED));
            let same =
                same.filter(|before| before.state.as_ref().is_some_and(|old| old.status == now.status));
            let connectors = match same {
                Some(before) => {
                    state.counted = before.counted;
                    before.state.as_ref().map_or(0, |state| state.connectors)
                }
                None => cloudflare.connectors(&id).await.map_err(told)?,
            };
            state.state = Some(TunnelState { connectors, ..now });
        }
        let now = state.state.clone();
        names.states.insert(name.to_owned(), state);
        Ok(now)
    }

    /// Zones and tunnels are asked anew.
    pub async fn forget_names(&self) {
        *self.names.lock().await = Names::default();
    }

    /// Uses a token for this process only.
    pub async fn use_cloudflare_token(&self, token: Secret) -> Result<(), Problem> {
        self.keep_token(CredentialKind::CloudflareToken, token, true).await
    }

    /// Keeps a token: in the keyring, or for this run only.
    pub async fn keep_token(
        &self,
        kind: CredentialKind,
        token: Secret,
        this_run: bool,
    ) -> Result<(), Problem> {
        self.keep(&Credential::new(kind, CLOUDFLARE_TOKEN), token, this_run).await?;
        if kind == CredentialKind::CloudflareToken {
            *self.cloudflare.lock().await = None;
            self.forget_names().await;
        }
        Ok(())
    }

    /// Keeps a secret: in the keyring, or for this run only.
    pub async fn keep(&self, credential: &Credential, secret: Secret, this_run: bool) -> Result<(), Problem> {
        let place = if this_run { &self.this_run } else { &self.secrets };
        place.set(credential, secret).await.map_err(|error| Problem::from(&error))?;
        if !this_run {
            // An older one of this run would hide it.
            self.this_run.delete(credential).await.map_err(|error| Problem::from(&error))?;
        }
        Ok(())
    }

    /// Forgets a secret, wherever it is kept.
    pub async fn forget(&self, credential: &Credential) -> Result<(), Problem> {
        for place in [&self.this_run, &self.secrets] {
            place.delete(credential).await.map_err(|error| Problem::from(&error))?;
        }
        Ok(())
    }

    /// Forgets a token, wherever it is kept.
    pub async fn forget_token(&self, kind: CredentialKind) -> Result<(), Problem> {
        self.forget(&Credential::new(kind, CLOUDFLARE_TOKEN)).await?;
        *self.cloudflare.lock().await = None;
        self.forget_names().await;
        Ok(())
    }
}
