//! What the account's owner does in the dashboard while Portico is at work: revokes a token, adds a wildcard.

use super::auth::TokenStatus;
use super::records::{Draft, Record};
use super::transaction::Transaction;
use super::{Cloud, State};

impl Cloud {
    pub fn is_revoked(&self, secret: &str) -> bool {
        self.state().tokens.iter().any(|token| token.secret == secret && token.status != TokenStatus::Active)
    }

    /// Revokes the token, or lets it be used again.
    pub fn revoke(&self, secret: &str, revoked: bool) {
        let status = if revoked { TokenStatus::Disabled } else { TokenStatus::Active };
        for token in self.state().tokens.iter_mut().filter(|token| token.secret == secret) {
            token.status = status;
        }
    }

    pub fn has_wildcard(&self, zone: &str) -> bool {
        wildcard(&self.state(), zone).is_some()
    }

    /// Adds a proxied wildcard record to the zone, or removes the one that is there.
    pub fn set_wildcard(&self, zone: &str, present: bool) {
        let mut state = self.state();
        let Some(index) = state.holds.zones.iter().position(|known| known.name == zone) else { return };
        let known = wildcard(&state, zone).map(|record| record.id.clone());
        let mut transaction = Transaction::begin(&mut state, index, "by hand", self.clock.now());
        let done = match (known, present) {
            (None, true) => transaction.create(&Draft {
                name: Some(format!("*.{zone}")),
                kind: Some("A".to_owned()),
                content: Some("203.0.113.10".to_owned()),
                proxied: Some(true),
                ..Draft::default()
            }),
            (Some(id), false) => transaction.delete(&id),
            _ => return,
        };
        if done.is_ok() {
            transaction.commit();
        }
    }
}

fn wildcard<'a>(state: &'a State, zone: &str) -> Option<&'a Record> {
    let zone = state.holds.zones.iter().find(|known| known.name == zone)?;
    let name = format!("*.{}", zone.name);
    zone.records.iter().find(|record| record.name == name && record.proxied)
}
