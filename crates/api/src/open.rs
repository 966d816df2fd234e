//! Which world is worked on: the real one, or the one of an endpoints file. Both shells open it here.
//!
//! Each endpoints file has data of its own, so that a rehearsal never meets the real cluster's wishes.

use crate::Api;
use portico_domain::digest::sha256;
use portico_domain::problem::{Code, Problem};
use portico_engine::{Endpoints, Engine, Options, Pace, SecretStore, system_clock};
use std::path::{Path, PathBuf};

impl Api {
    /// Opens the world of the file `endpoints`, else the real one; `data` overrides the folder of its data.
    ///
    /// # Errors
    /// [`Code::EndpointsUnreadable`], and what [`Engine::open`] says.
    pub async fn open(endpoints: Option<&Path>, data: Option<PathBuf>) -> Result<Self, Problem> {
        let (addresses, digest) = match endpoints {
            Some(path) => {
                let unreadable = |cause: String| {
                    Problem::new(Code::EndpointsUnreadable).arg("path", path.display()).detail(cause)
                };
                let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
                let addresses = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
                (addresses, Some(sha256(text.as_bytes())))
            }
            None => (Endpoints::default(), None),
        };
        let data = data.unwrap_or_else(|| {
            let home = dirs::data_dir().unwrap_or_else(|| PathBuf::from(".")).join("portico");
            digest.as_ref().map_or(home.join("home"), |digest| home.join("elsewhere").join(&digest[..12]))
        });
        let secrets = SecretStore::keyring();
        let engine = Engine::open(Options {
            endpoints: addresses,
            data,
            secrets,
            clock: system_clock(),
            pace: Pace::default(),
        })
        .await?;
        Ok(Self::new(engine, endpoints.is_some()))
    }
}
