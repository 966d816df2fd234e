//! References to secrets, and the one type that may hold a secret while it is used.
//!
//! A [`Secret`] cannot be printed, compared, cloned or serialised, and is zeroed on drop: what cannot be
//! done by accident does not have to be reviewed for. Where secrets are kept is `world::secrets`' business.

use zeroize::Zeroizing;

/// A secret in memory: a password, a passphrase, a token.
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}
