//! An account as it was, to be put back: thousands of stories can begin from the same one.
//!
//! Ids that were issued stay issued, so that nothing that comes later is taken for something that was there before.

use super::{Cloud, Holdings, lag};
use std::collections::HashMap;

/// What was in the account at one moment.
#[derive(Clone)]
pub struct Kept {
    holds: Holdings,
    tokens: usize,
}

impl Cloud {
    /// What is in the account now.
    pub fn keep(&self) -> Kept {
        let state = self.state();
        Kept { holds: state.holds.clone(), tokens: state.tokens.len() }
    }

    /// Puts back what was kept, and forgets the audit, the calls counted and the tokens added since.
    pub fn put_back(&self, kept: &Kept) {
        let mut state = self.state();
        state.holds = kept.holds.clone();
        state.tokens.truncate(kept.tokens);
        state.lag = lag::Lag::default();
        state.windows = HashMap::new();
        state.audit.clear();
        state.changes.clear();
    }
}
