//! One cluster: its authority, its join token, its objects, and what each node was started with.

use super::authority::Authority;
use super::control;
use super::gatus::Volumes;
use super::settings::Settings;
use super::store::Store;
use super::traffic::Traffic;
use crate::homelab::{Role, sha256_hex};
use crate::keep::shared;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the first server brings.
pub struct Founding {
    pub id: usize,
    pub password: String,
    pub settings: Settings,
    pub version: String,
    /// Unix milliseconds by that server's own clock: its certificates are valid from then on.
    pub created: i64,
}

/// What a node said of itself when it registered.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registration {
    pub settings: Settings,
    pub version: String,
}

#[derive(Serialize, Deserialize)]
pub struct Cluster {
    pub id: usize,
    pub etcd: bool,
    pub settings: Settings,
    pub version: String,
    pub created: i64,
    #[serde(with = "shared")]
    pub store: Arc<Store>,
    pub(super) authority: Authority,
    /// What the controller of sealed-secrets holds in memory. Its Secrets bring it back when its pod starts.
    #[serde(skip)]
    pub(super) keyring: Mutex<control::Keyring>,
    /// What pods counted in memory; whoever begins anew counts from nothing.
    #[serde(skip)]
    pub(crate) traffic: Traffic,
    /// What lies on the volumes of those that watch services.
    #[serde(default)]
    pub(crate) gatus: Volumes,
    password: String,
    registrations: Mutex<BTreeMap<String, Registration>>,
}

impl Cluster {
    /// # Errors
    /// Keys cannot be made.
    pub fn found(founding: Founding) -> Result<Arc<Cluster>, rcgen::Error> {
        let authority = Authority::new(founding.created)?;
        let store = Store::new();
        control::install(&store);
        Ok(Arc::new(Cluster {
            id: founding.id,
            etcd: founding.settings.flag("cluster-init"),
            settings: founding.settings,
            version: founding.version,
            created: founding.created,
            store,
            authority,
            keyring: Mutex::default(),
            traffic: Traffic::default(),
            gatus: Volumes::default(),
            password: founding.password,
            registrations: Mutex::new(BTreeMap::new()),
        }))
    }

    /// How often the watcher in the cluster has asked about its services.
    pub fn watched(&self) -> u64 {
        self.gatus.revision()
    }

    /// The pods by which it asked last.
    pub fn watchers(&self) -> Vec<String> {
        self.gatus.lock().values().map(|seen| seen.pod.clone()).collect()
    }

    /// The full secure token, as in `server/node-token`. A secret.
    pub fn token(&self) -> String {
        format!("K10{}::server:{}", self.authority.fingerprint(), self.password)
    }

    /// The text of k3s.yaml. A secret: it has the administrator's key.
    pub fn kubeconfig(&self) -> String {
        self.authority.kubeconfig()
    }

    /// # Errors
    /// The token belongs to another cluster or its password is wrong; the text is K3s' own.
    pub fn check_token(&self, token: &str, role: Role) -> Result<(), String> {
        let (hash, secret) = match token.strip_prefix("K10").and_then(|rest| rest.split_once("::")) {
            Some((hash, secret)) => (Some(hash), secret),
            None => (None, token),
        };
        let ours = self.authority.fingerprint();
        if let Some(hash) = hash
            && hash != ours
        {
            return Err(format!(
                "token CA hash does not match the Cluster CA certificate hash: {hash} != {ours}"
            ));
        }
        let password = secret.split_once(':').map_or(secret, |(_, password)| password);
        let agents = self.settings.first("agent-token");
        let admits_agent = role == Role::Agent && agents.as_deref() == Some(password);
        if password == self.password || admits_agent {
            return Ok(());
        }
        Err("token is not valid: https://127.0.0.1:6444/apis: 401 Unauthorized".to_owned())
    }

    /// Keeps the password of a node that registers for the first time; another machine under the same name is
    /// turned away.
    ///
    /// # Errors
    /// The name is taken by another machine.
    pub fn admit_node(&self, name: &str, password: &str) -> Result<(), String> {
        let secret = format!("{name}.node-password.k3s");
        let hash = sha256_hex(password.as_bytes());
        let key = super::store::Key::namespaced("secrets", "kube-system", &secret);
        match self.store.get(&key) {
            Some(known) if known["data"]["hash"] != json!(hash) => Err(
                "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not \
                 match server node-passwd entry, try enabling a unique node name with the --with-node-id flag"
                    .to_owned(),
            ),
            Some(_) => Ok(()),
            None => {
                let object = json!({
                    "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "immutable": true,
                    "metadata": {"name": secret, "namespace": "kube-system"}, "data": {"hash": hash},
                });
                self.store.put(&key, object, "k3s");
                Ok(())
            }
        }
    }

    pub fn remember(&self, node: &str, settings: &Settings, version: &str) {
        let registration = Registration { settings: settings.clone(), version: version.to_owned() };
        self.registrations
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(node.to_owned(), registration);
    }

    pub fn registration(&self, node: &str) -> Option<Registration> {
        self.registrations.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(node).cloned()
    }
}
