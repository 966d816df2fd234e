//! Cloudflare's tokens: proven before they are kept, kept in the keyring or for this run, forgotten.
//!
//! There are two. The owner's own never leaves this computer. The cluster's can do no more than answer an authority's
//! challenges; sealing it into the cluster is a step of a change like any other.

use crate::Engine;
use crate::outside::CLOUDFLARE_TOKEN;
use portico_domain::credential::{Credential, CredentialKind, Need, Secret, TokenReport};
use portico_domain::dns::Zone;
use portico_domain::problem::{Code, Problem};

impl Engine {
    /// Proves a token by its capabilities and keeps it.
    ///
    /// # Errors
    /// [`Code::CloudflareToken`], [`Code::CloudflareScope`] with the permission that is missing,
    /// [`Code::TokenTooWide`] for a cluster's token that can do more than it needs, and the keyring's own.
    pub async fn set_token(
        &self,
        kind: CredentialKind,
        token: Secret,
        this_run: bool,
    ) -> Result<TokenReport, Problem> {
        let report = self.examine(token.duplicate()).await?;
        if let Some(missing) = report.lacks(&[Need::Always]) {
            let problem = Problem::new(Code::CloudflareScope).arg("permission", &missing.permission);
            return Err(match missing.place.as_str() {
                "" => problem,
                zone => problem.arg("place", format!(" ({zone})")),
            });
        }
        if kind == CredentialKind::ClusterToken && report.is_wide() {
            let extra = report.capabilities.iter().find(|found| found.granted && found.need != Need::Always);
            let extra = extra.map(|found| found.permission.clone()).unwrap_or_default();
            return Err(Problem::new(Code::TokenTooWide).arg("permission", extra));
        }
        self.inner.outside.keep_token(kind, token, this_run).await?;
        Ok(report)
    }

    /// What the kept token of this kind can do now.
    pub async fn token_report(&self, kind: CredentialKind) -> Result<TokenReport, Problem> {
        self.examine(self.inner.outside.secret(&Credential::new(kind, CLOUDFLARE_TOKEN)).await?).await
    }

    pub async fn forget_token(&self, kind: CredentialKind) -> Result<(), Problem> {
        self.inner.outside.forget_token(kind).await
    }

    async fn examine(&self, token: Secret) -> Result<TokenReport, Problem> {
        self.inner.outside.client(token)?.examine().await.map_err(|error| Problem::from(&error))
    }

    /// Uses a token for this process only, without keeping it.
    pub async fn use_cloudflare_token(&self, token: Secret) -> Result<(), Problem> {
        self.inner.outside.use_cloudflare_token(token).await
    }

    /// Uses a cluster's token for this process only. Proven like one that is kept: it is sealed into the cluster, where
    /// one that can do too little or too much would be found out later.
    pub async fn use_cluster_token(&self, token: Secret) -> Result<(), Problem> {
        self.set_token(CredentialKind::ClusterToken, token, true).await.map(drop)
    }

    /// Where names can be: the zones that the token sees, or the domain of a homelab that does without Cloudflare.
    pub async fn zones(&self) -> Result<Vec<Zone>, Problem> {
        match self.desired().await?.stack.home_domain() {
            Some(domain) => {
                let name = domain.to_string();
                Ok(vec![Zone { id: String::new(), name, account_id: String::new(), active: true }])
            }
            None => self.inner.outside.zones().await,
        }
    }
}
