//! A rehearsal's own door: its made-up logins, and what can be made to go wrong there.
//!
//! It exists only where an endpoints file names it. Nothing that Portico does to a homelab goes this way.

use portico_domain::problem::{Code, Problem};
use portico_domain::situation::{Rehearsal, Situation};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
#[error("the practice homelab: {0}")]
pub struct PracticeError(#[from] reqwest::Error);

impl From<&PracticeError> for Problem {
    fn from(error: &PracticeError) -> Self {
        Problem::new(Code::PracticeFailed).detail(error)
    }
}

/// The rehearsal as it is now.
pub async fn rehearsal(door: &str) -> Result<Rehearsal, PracticeError> {
    Ok(client()?.get(door).send().await?.error_for_status()?.json().await?)
}

/// Throws a switch; one that stands so already is left.
pub async fn bring_about(door: &str, situation: &Situation) -> Result<(), PracticeError> {
    let url = format!("{door}/situations");
    client()?.put(url).json(situation).send().await?.error_for_status()?;
    Ok(())
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()
}
