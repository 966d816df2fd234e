//! Which worlds the window can work on: the one at home or an endpoints file's, and a practice homelab of its own.
//!
//! The practice homelab is the one that `portico practice serve` starts. Its logins are shown beside its machines,
//! because a person types them as at home; only its Cloudflare tokens are put in place, in memory, so that a rehearsal
//! needs no keyring and leaves nothing in it. It is kept in a folder of its own, and goes on from there the next time.

use crate::arguments::Arguments;
use portico_api::worlds::{Rehearse, World, Worlds};
use portico_api::{Api, Endpoints, Engine, Options, Pace, SecretStore, english, system_clock};
use portico_domain::credential::{Credential, CredentialKind, Secret};
use portico_domain::problem::{Code, Problem};
use portico_practice::{Practice, PracticeOptions, homelab, keep};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Fails with a sentence for the terminal.
pub async fn open(arguments: Arguments) -> Result<Worlds, String> {
    let own = || dirs::data_dir().unwrap_or_else(|| PathBuf::from(".")).join("portico");
    if arguments.practice {
        let folder = arguments.data.unwrap_or_else(|| own().join("practice"));
        return Ok(Worlds::new(rehearse(&folder, false).await.map_err(sentence)?, None));
    }
    let folder = arguments.data.clone().unwrap_or_else(own).join("practice");
    let is_home = arguments.endpoints.is_none();
    let api = Api::open(arguments.endpoints.as_deref(), arguments.data).await.map_err(sentence)?;
    let watch = api.watch();
    let beside: Rehearse = Arc::new(move |anew| {
        let folder = folder.clone();
        Box::pin(async move { rehearse(&folder, anew).await })
    });
    Ok(Worlds::new(World { api, alive: Box::new(watch) }, is_home.then_some(beside)))
}

/// The rehearsal in this folder goes on, or begins; `anew` it begins in any case.
async fn rehearse(folder: &Path, anew: bool) -> Result<World, Problem> {
    let failed = |error: String| Problem::new(Code::PracticeFailed).detail(error);
    let kept = folder.join("homelab.json");
    if anew && !keep::is_held(&kept) {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error.to_string()));
            }
            _ => {}
        }
    }
    let goes_on = kept.exists();
    let homelab = homelab::Options { pace: homelab::Pace::lifelike(), ..Default::default() };
    let practice = Practice::start(PracticeOptions { homelab, keep: Some(kept), ..Default::default() }).await;
    let practice = practice.map_err(|error| failed(error.to_string()))?;
    let secrets = SecretStore::in_memory();
    if goes_on {
        know_passwords(&practice, &secrets).await?;
    }
    let described = practice.describe();
    let endpoints: Endpoints =
        serde_json::from_value(practice.endpoints()).map_err(|error| failed(error.to_string()))?;
    let options = Options {
        endpoints,
        data: folder.join("data"),
        secrets,
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
    let api = Api::new(engine, true);
    let watch = api.watch();
    Ok(World { api, alive: Box::new((watch, practice)) })
}

/// What a person typed the last time is in no keyring, so that it would be asked for again with every start.
async fn know_passwords(practice: &Practice, secrets: &SecretStore) -> Result<(), Problem> {
    for login in practice.homelab.logins() {
        let Some(password) = login.password else { continue };
        let id = format!("{}:{}", login.address, practice.homelab.ports.ssh);
        let credential = Credential::new(CredentialKind::SshPassword, id);
        let kept = secrets.set(&credential, Secret::new(password)).await;
        kept.map_err(|error| Problem::from(&error))?;
    }
    Ok(())
}

fn sentence(problem: Problem) -> String {
    let (what, next) = english::explain(&problem);
    format!("{what} {next}")
}
