//! Which world is worked on: the real one, or the one of an endpoints file.
//!
//! Each endpoints file has data of its own, so that a rehearsal never meets the real cluster's wishes.

use portico_api::{Api, Endpoints, Engine, Options, SecretStore, system_clock};
use portico_domain::digest::sha256;
use portico_domain::problem::{Code, Problem};
use std::path::PathBuf;

pub struct World {
    pub endpoints: Option<PathBuf>,
    pub data: Option<PathBuf>,
}

impl World {
    pub async fn open(&self) -> Result<Api, Problem> {
        let (endpoints, digest) = match &self.endpoints {
            Some(path) => {
                let unreadable = |cause: String| {
                    Problem::new(Code::EndpointsUnreadable).arg("path", path.display()).detail(cause)
                };
                let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
                let endpoints = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
                (endpoints, Some(sha256(text.as_bytes())))
            }
            None => (Endpoints::default(), None),
        };
        let data = self.data.clone().unwrap_or_else(|| {
            let home = dirs::data_dir().unwrap_or_else(|| PathBuf::from(".")).join("portico");
            digest.as_ref().map_or(home.join("home"), |digest| home.join("elsewhere").join(&digest[..12]))
        });
        let engine =
            Engine::open(Options { endpoints, data, secrets: SecretStore::keyring(), clock: system_clock() })
                .await?;
        Ok(Api::new(engine, self.endpoints.is_some()))
    }
}
