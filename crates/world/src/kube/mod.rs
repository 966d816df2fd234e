//! The Kubernetes API: nodes, objects of ours by server-side apply, chart jobs, endpoints, certificates, sealed secrets.
//!
//! Objects are plain JSON here: typed structs would drop fields that they do not know, and a write of one
//! would then delete them. One field manager marks everything that Portico applies.

mod certificate;
mod chart;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod model;
mod node;
mod object;
mod pod;
mod seal;
mod watcher;

pub use model::{Held, Model, ServicePorts};
pub use pod::PodState;
pub use seal::{SealError, seal};
pub use watcher::WatcherError;

use crate::pace::Pace;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::client::ClientBuilder;
use kube::client::retry::RetryPolicy;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use portico_domain::credential::Secret;
use portico_domain::problem::{Code, Problem};
use std::time::Duration;
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;

/// A server that is too busy, or not up yet, is asked again: first pause, longest pause, how often. The library's own
/// ways would wait for minutes without a word, and for as long as any server says.
const AGAIN: (Duration, Duration, u32) = (Duration::from_millis(300), Duration::from_secs(2), 4);

/// The field manager of everything that Portico writes.
pub const FIELD_MANAGER: &str = "portico";

#[derive(Debug, thiserror::Error)]
pub enum KubeError {
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(String),
    #[error("the API server does not answer")]
    Unreachable(#[source] kube::Error),
    #[error("{object}: also managed by {manager}")]
    Conflict { object: String, manager: String },
    #[error("{object} was refused: {reason} {message}")]
    Refused { object: String, reason: String, message: String },
    #[error("the token could not be sealed: {0}")]
    Sealing(#[from] SealError),
}

impl From<&KubeError> for Problem {
    fn from(error: &KubeError) -> Self {
        match error {
            KubeError::Kubeconfig(cause) => Problem::new(Code::KubeUnreachable).detail(cause),
            KubeError::Unreachable(source) => Problem::new(Code::KubeUnreachable).detail(chain(source)),
            KubeError::Conflict { object, manager } => {
                Problem::new(Code::KubeConflict).arg("object", object).arg("manager", manager)
            }
            KubeError::Sealing(cause) => Problem::new(Code::SealingFailed).detail(cause),
            KubeError::Refused { object, reason, message } => {
                Problem::new(Code::KubeRefused).arg("object", object).arg("reason", reason).detail(message)
            }
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl KubeError {
    pub(crate) fn from_api(object: &str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 409 && status.message.contains("conflict") => {
                let manager = status.message.split('"').nth(1).unwrap_or("another manager").to_owned();
                Self::Conflict { object: object.into(), manager }
            }
            // Not done, and not refused either: there was nobody to decide.
            kube::Error::Api(status) if matches!(status.code, 429 | 503 | 504) => {
                Self::Unreachable(kube::Error::Api(status))
            }
            kube::Error::Api(status) => {
                Self::Refused { object: object.into(), reason: status.reason, message: status.message }
            }
            other => Self::Unreachable(other),
        }
    }
}

/// A client of one cluster.
#[derive(Clone)]
pub struct Kube {
    client: Client,
}

impl Kube {
    /// `kubeconfig` is K3s' own, with the server address already set to one that this computer reaches.
    pub async fn connect(kubeconfig: &Secret, pace: Pace) -> Result<Self, KubeError> {
        let parsed = read(kubeconfig, "not a kubeconfig")?;
        let mut config = Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default())
            .await
            .map_err(|error| KubeError::Kubeconfig(error.to_string()))?;
        config.connect_timeout = Some(Duration::from_secs(5));
        config.read_timeout = Some(pace.of(Duration::from_secs(20)));
        config.write_timeout = Some(pace.of(Duration::from_secs(20)));
        config.default_retry = false;
        let wrong = |error: String| KubeError::Kubeconfig(error);
        let again = RetryPolicy::new(pace.of(AGAIN.0), pace.of(AGAIN.1), AGAIN.2, false);
        let again = again.map_err(|error| wrong(error.to_string()))?;
        let client = ClientBuilder::try_from(config).map_err(|error| wrong(error.to_string()))?;
        let client = client.with_layer(&BufferLayer::new(64)).with_layer(&RetryLayer::new(again)).build();
        Ok(Self { client })
    }

    /// Whether the API server answers with these credentials.
    pub async fn version(&self) -> Result<String, KubeError> {
        let info =
            self.client.apiserver_version().await.map_err(|error| KubeError::from_api("/version", error))?;
        Ok(info.git_version)
    }

    /// Whether the database behind this server answers it.
    pub async fn database_answers(&self) -> Result<bool, KubeError> {
        const PATH: &str = "/readyz/etcd";
        let request = http::Request::get(PATH).body(Vec::new());
        let request = request.map_err(|error| KubeError::Kubeconfig(error.to_string()))?;
        match self.client.request_text(request).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 500 => Ok(false),
            Err(error) => Err(KubeError::from_api(PATH, error)),
        }
    }
}

/// A machine sent it: it may name neither a program nor a file of this computer, which using it would run or read.
fn read(kubeconfig: &Secret, otherwise: &str) -> Result<Kubeconfig, KubeError> {
    let wrong = |cause: &str| KubeError::Kubeconfig(cause.into());
    let parsed = Kubeconfig::from_yaml(kubeconfig.expose()).map_err(|_| wrong(otherwise))?;
    let reaches_out = |user: &AuthInfo| {
        let files = [&user.token_file, &user.client_certificate, &user.client_key];
        user.exec.is_some() || user.auth_provider.is_some() || files.iter().any(|file| file.is_some())
    };
    let users = parsed.auth_infos.iter().filter_map(|named| named.auth_info.as_ref());
    let clusters = parsed.clusters.iter().filter_map(|named| named.cluster.as_ref());
    if users.into_iter().any(reaches_out) || clusters.into_iter().any(|it| it.certificate_authority.is_some())
    {
        return Err(wrong("it names a program or a file, and K3s' own has neither"));
    }
    Ok(parsed)
}

/// The certificate by which a kubeconfig's user is known, PEM; `None` where none can be read.
pub fn client_certificate(kubeconfig: &Secret) -> Option<String> {
    let parsed = read(kubeconfig, "not a kubeconfig").ok()?;
    let data = parsed.auth_infos.into_iter().find_map(|named| named.auth_info?.client_certificate_data)?;
    String::from_utf8(STANDARD.decode(data).ok()?).ok()
}

/// Rewrites the server address of a kubeconfig; K3s writes 127.0.0.1, which only the server itself reaches.
pub fn with_server(kubeconfig: &Secret, server: &str) -> Result<Secret, KubeError> {
    let mut parsed = read(kubeconfig, "the server's k3s.yaml is not a kubeconfig")?;
    for named in &mut parsed.clusters {
        if let Some(cluster) = &mut named.cluster {
            cluster.server = Some(server.to_owned());
        }
    }
    // JSON is YAML; the client and kubectl read both.
    let text =
        serde_json::to_string_pretty(&parsed).map_err(|error| KubeError::Kubeconfig(error.to_string()))?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_a_certificate_within_the_kubeconfig() {
        let with = |data: &str| {
            let user = serde_json::json!({"client-certificate-data": data});
            let users = serde_json::json!([{"name": "a", "user": user}]);
            Secret::new(serde_json::json!({"apiVersion": "v1", "kind": "Config", "users": users}).to_string())
        };
        assert_eq!(Some("PEM"), client_certificate(&with(&STANDARD.encode("PEM"))).as_deref());
        for none in ["?", "/w=="] {
            assert_eq!(None, client_certificate(&with(none)), "{none}");
        }
    }

    #[test]
    fn a_kubeconfig_that_would_run_or_read_something_here_is_refused() {
        let with = |user: &str, cluster: &str| {
            let text = format!(
                "{{apiVersion: v1, kind: Config, current-context: a, contexts: [{{name: a, context: {{cluster: a, user: a}}}}], \
                 clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:6443'{cluster}}}}}], \
                 users: [{{name: a, user: {{{user}}}}}]}}"
            );
            with_server(&Secret::new(text), "https://192.168.1.2:6443").map(drop)
        };
        with("token: t", "").unwrap();
        for (user, cluster) in [
            ("exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [/tmp/x]}", ""),
            ("auth-provider: {name: gcp, config: {cmd-path: touch}}", ""),
            ("tokenFile: /etc/passwd", ""),
            ("client-key: /home/me/.ssh/id_ed25519", ""),
            ("token: t", ", certificate-authority: /etc/passwd"),
        ] {
            let refused = with(user, cluster).unwrap_err();
            assert!(matches!(refused, KubeError::Kubeconfig(_)), "{user} {cluster}: {refused}");
        }
    }
}
