//! Which worlds the window can work on: the one at home or an endpoints file's, and a practice homelab of its own.
//!
//! The practice homelab is the one that `portico practice serve` starts. Its logins are shown beside its machines,
//! because a person types them as at home; only its Cloudflare tokens are put in place, in memory, so that a rehearsal
//! needs no keyring and leaves nothing in it.

use crate::arguments::Arguments;
use portico_api::worlds::{Rehearse, World, Worlds};
use portico_api::{Api, Endpoints, Engine, Options, Pace, SecretStore, english, system_clock};
use portico_domain::credential::{CredentialKind, Secret};
use portico_domain::problem::{Code, Problem};
use portico_practice::homelab;
use portico_practice::{Practice, PracticeOptions};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// Fails with a sentence for the terminal.
pub async fn open(arguments: Arguments) -> Result<Worlds, String> {
    if arguments.practice {
        return Ok(Worlds::new(rehearse(arguments.data).await.map_err(sentence)?, None));
    }
    let is_home = arguments.endpoints.is_none();
    let api = Api::open(arguments.endpoints.as_deref(), arguments.data).await.map_err(sentence)?;
    let watch = api.engine().watch();
    let beside: Rehearse = Arc::new(|| Box::pin(rehearse(None)));
    Ok(Worlds::new(World { api, alive: Box::new(watch) }, is_home.then_some(beside)))
}

async fn rehearse(data: Option<PathBuf>) -> Result<World, Problem> {
    let failed = |error: String| Problem::new(Code::PracticeFailed).detail(error);
    let homelab = homelab::Options { pace: homelab::Pace::lifelike(), ..Default::default() };
    let practice = Practice::start(PracticeOptions { homelab, ..Default::default() }).await;
    let practice = practice.map_err(|error| failed(error.to_string()))?;
    let described = practice.describe();
    let endpoints: Endpoints =
        serde_json::from_value(practice.endpoints()).map_err(|error| failed(error.to_string()))?;
    let folder = TempDir::new().map_err(|error| failed(error.to_string()))?;
    let options = Options {
        endpoints,
        data: data.unwrap_or_else(|| folder.path().join("data")),
        secrets: SecretStore::in_memory(),
        clock: system_clock(),
        pace: Pace::default(),
    };
    let engine = Engine::open(options).await?;
    for (kind, name) in
        [(CredentialKind::CloudflareToken, "cloudflareToken"), (CredentialKind::ClusterToken, "clusterToken")]
    {
        let token = Secret::new(described[name].as_str().unwrap_or_default().to_owned());
        engine.set_token(kind, token, true).await?;
    }
    let watch = engine.watch();
    Ok(World { api: Api::new(engine, true), alive: Box::new((watch, practice, folder)) })
}

fn sentence(problem: Problem) -> String {
    let (what, next) = english::explain(&problem);
    format!("{what} {next}")
}
