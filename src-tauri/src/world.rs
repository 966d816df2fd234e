//! Which world the window works on: the real one, an endpoints file's, or a practice homelab of its own.
//!
//! The practice homelab is the one that `portico practice serve` starts. Its logins are printed to the
//! terminal, because a person types them as at home; only its Cloudflare tokens are put in place, in memory, so
//! that a rehearsal needs no keyring and leaves nothing in it.

use crate::arguments::Arguments;
use portico_api::{Api, Endpoints, Engine, Options, Pace, SecretStore, english, system_clock};
use portico_domain::credential::{CredentialKind, Secret};
use portico_domain::problem::Problem;
use portico_practice::homelab;
use portico_practice::{Practice, PracticeOptions};
use serde_json::Value;
use std::path::PathBuf;
use tempfile::TempDir;

/// The commands, and what has to live as long as they do.
pub struct World {
    pub api: Api,
    _practice: Option<(Practice, TempDir)>,
}

impl World {
    /// Fails with a sentence for the terminal.
    pub async fn open(arguments: Arguments) -> Result<Self, String> {
        if arguments.practice {
            return Self::rehearse(arguments.data).await;
        }
        let api = Api::open(arguments.endpoints.as_deref(), arguments.data).await.map_err(sentence)?;
        Ok(Self { api, _practice: None })
    }

    async fn rehearse(data: Option<PathBuf>) -> Result<Self, String> {
        let homelab = homelab::Options { pace: homelab::Pace::lifelike(), ..Default::default() };
        let practice = Practice::start(PracticeOptions { homelab, ..Default::default() })
            .await
            .map_err(|error| format!("the practice homelab cannot be started: {error}"))?;
        let described = practice.describe();
        let endpoints: Endpoints =
            serde_json::from_value(described["endpoints"].clone()).map_err(|error| error.to_string())?;
        let folder = TempDir::new().map_err(|error| format!("no folder for the rehearsal: {error}"))?;
        let options = Options {
            endpoints,
            data: data.unwrap_or_else(|| folder.path().join("data")),
            secrets: SecretStore::in_memory(),
            clock: system_clock(),
            pace: Pace::default(),
        };
        let engine = Engine::open(options).await.map_err(sentence)?;
        for (kind, name) in [
            (CredentialKind::CloudflareToken, "cloudflareToken"),
            (CredentialKind::ClusterToken, "clusterToken"),
        ] {
            let token = Secret::new(described[name].as_str().unwrap_or_default().to_owned());
            engine.set_token(kind, token, true).await.map_err(sentence)?;
        }
        print_logins(&described["machines"]);
        Ok(Self { api: Api::new(engine, true), _practice: Some((practice, folder)) })
    }
}

fn print_logins(machines: &Value) {
    println!("A practice homelab: nothing here is real, and nothing leaves this computer. Log in with:");
    for machine in machines.as_array().into_iter().flatten() {
        let word = |key: &str| machine[key].as_str().unwrap_or("-");
        println!(
            "  {:<6} {:<12} user {:<6} password {}",
            word("name"),
            word("address"),
            word("user"),
            word("password")
        );
    }
}

fn sentence(problem: Problem) -> String {
    let (what, next) = english::explain(&problem);
    format!("{what} {next}")
}
