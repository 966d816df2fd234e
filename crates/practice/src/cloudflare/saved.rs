//! The account as it is written down: what is in it, its tokens, and how many ids were given out.
//!
//! Not kept: the audit, the calls that were counted, lists that are late.

use super::{Cloud, Holdings, State, Token};
use crate::clock::Clock;
use crate::keep::UNSAVED;
use serde::{Deserialize, Serialize};

/// Has the tokens and the tunnels' secrets.
#[derive(Serialize, Deserialize)]
pub struct Saved {
    holds: Holdings,
    tokens: Vec<Token>,
    issued: u64,
}

impl Cloud {
    pub(crate) fn saved(&self) -> Saved {
        let state = self.state();
        Saved { holds: state.holds.clone(), tokens: state.tokens.clone(), issued: state.issued }
    }

    /// The account again. The homelab's own cloudflareds went with it and have to dial anew.
    pub(crate) fn restored(clock: Clock, Saved { mut holds, tokens, issued }: Saved) -> Self {
        let now = clock.now();
        for tunnel in &mut holds.tunnels {
            tunnel.disconnect(|connector| connector.at_home, now);
        }
        Self::of(clock, State::new(holds, tokens, issued + UNSAVED))
    }
}
