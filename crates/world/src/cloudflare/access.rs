//! Access: the application in front of a hostname, and the policy that says who is let in.

use super::{Call, Cloudflare, CloudflareError, Result};
use portico_domain::access::{AccessApp, AccessState};
use portico_domain::dns::Hostname;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

const READ: &str = "Account → Access: Apps and Policies → Read";
const EDIT: &str = "Account → Access: Apps and Policies → Edit";

const ORGANIZATION: &str = "Account → Access: Organizations, Identity Providers, and Groups → Edit";

/// Access' code for what is there already, or in the way.
const EXISTS: i64 = 12132;

#[derive(Deserialize)]
pub(super) struct WireApp {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    destinations: Vec<Destination>,
    #[serde(default)]
    policies: Vec<WirePolicy>,
}

#[derive(Deserialize)]
struct Destination {
    #[serde(default)]
    uri: String,
}

#[derive(Deserialize)]
pub(super) struct WirePolicy {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    include: Vec<Value>,
    #[serde(default)]
    exclude: Vec<Value>,
    #[serde(default)]
    require: Vec<Value>,
}

impl WireApp {
    fn is_for(&self, hostname: &Hostname) -> bool {
        let host = |uri: &str| uri.split('/').next().is_some_and(|host| hostname.matches(host));
        host(&self.domain) || self.destinations.iter().any(|destination| host(&destination.uri))
    }

    fn seen(&self, account: &str) -> AccessApp {
        let email = |rule: &Value| rule["email"]["email"].as_str().map(str::to_owned);
        let plain = |policy: &WirePolicy| {
            policy.decision == "allow"
                && policy.exclude.is_empty()
                && policy.require.is_empty()
                && policy.include.iter().all(|rule| email(rule).is_some())
        };
        let mut emails: Vec<String> =
            self.policies.iter().flat_map(|policy| policy.include.iter().filter_map(email)).collect();
        emails.sort();
        emails.dedup();
        AccessApp {
            other_rules: !self.policies.iter().all(plain),
            policies: self.policies.iter().map(|policy| policy.id.clone()).collect(),
            id: self.id.clone(),
            name: self.name.clone(),
            account_id: account.to_owned(),
            emails,
        }
    }
}

impl Cloudflare {
    /// For each of these hostnames the application in front of exactly it, and the policies that Portico made for it; in the
    /// hostnames' order. Two lists, however many there are.
    ///
    /// # Errors
    /// [`CloudflareError::Missing`] when the account has no Access organization.
    pub async fn access(&self, account: &str, hostnames: &[Hostname]) -> Result<Vec<AccessState>> {
        let path = format!("/accounts/{account}/access/apps");
        let apps: Vec<WireApp> = self.list(&path, &[], 100, "Access applications", READ).await?;
        let policies = self.policies(account).await?;
        Ok(hostnames.iter().map(|hostname| state(&apps, &policies, account, hostname)).collect())
    }

    async fn policies(&self, account: &str) -> Result<Vec<WirePolicy>> {
        let path = format!("/accounts/{account}/access/policies");
        self.list(&path, &[], 100, "Access policies", READ).await
    }

    /// Puts an application in front of the hostname that lets in these addresses and nobody else, or brings the one of
    /// this name to that. Other policies of this name go.
    pub async fn protect(
        &self,
        account: &str,
        hostname: &Hostname,
        name: &str,
        emails: &[String],
        present: Option<&AccessApp>,
    ) -> Result<()> {
        self.ensure_login(account).await?;
        let mut policies = self.policies(account).await?;
        policies.retain(|policy| policy.name == name);
        let policy = self.policy(account, name, emails, policies.first()).await?;
        let apps = format!("/accounts/{account}/access/apps");
        let body = json!({
            "name": name, "type": "self_hosted", "domain": hostname.as_str(),
            "destinations": [{"type": "public", "uri": hostname.as_str()}],
            "session_duration": "24h", "policies": [{"id": policy, "precedence": 1}],
        });
        let (method, path) = match present {
            Some(app) => (Method::PUT, format!("{apps}/{}", app.id)),
            None => (Method::POST, apps),
        };
        let _: Value = self.call(Call::with(method, &path, &body, EDIT)).await?;
        policies.retain(|other| other.id != policy);
        self.remove_policies(account, &policies).await
    }

    /// Takes the application of ours away, where there is one, and the policies of its name.
    pub async fn unprotect(&self, account: &str, name: &str, app: Option<&AccessApp>) -> Result<()> {
        if let Some(app) = app {
            self.remove(&format!("/accounts/{account}/access/apps/{}", app.id)).await?;
        }
        let mut policies = self.policies(account).await?;
        policies.retain(|policy| policy.name == name);
        self.remove_policies(account, &policies).await
    }

    async fn remove_policies(&self, account: &str, policies: &[WirePolicy]) -> Result<()> {
        for policy in policies {
            self.remove(&format!("/accounts/{account}/access/policies/{}", policy.id)).await?;
        }
        Ok(())
    }

    /// What is gone already is what was wanted.
    async fn remove(&self, path: &str) -> Result<()> {
        match self.call::<Value>(Call::delete(path, EDIT)).await {
            Ok(_) | Err(CloudflareError::Missing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Who is let in by e-mail has to be able to prove it: without any other way, a PIN is sent there.
    ///
    /// A token that may not look at the ways to log in is no hindrance: whoever made it set them up.
    async fn ensure_login(&self, account: &str) -> Result<()> {
        let path = format!("/accounts/{account}/access/identity_providers");
        let found: Vec<Value> = match self.list(&path, &[], 100, "identity providers", ORGANIZATION).await {
            Ok(found) => found,
            Err(CloudflareError::Scope { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        // Cloudflare's own login knows the account's members alone.
        if found.iter().any(|provider| provider["type"] != "cloudflare") {
            return Ok(());
        }
        let body = json!({"type": "onetimepin", "name": "One-time PIN", "config": {}});
        match self.call::<Value>(Call::with(Method::POST, &path, &body, ORGANIZATION)).await {
            // The list did not know of it yet.
            Ok(_) | Err(CloudflareError::Refused { number: EXISTS, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The id of the policy of this name, brought to these addresses.
    async fn policy(
        &self,
        account: &str,
        name: &str,
        emails: &[String],
        present: Option<&WirePolicy>,
    ) -> Result<String> {
        let policies = format!("/accounts/{account}/access/policies");
        let body = policy_body(name, emails);
        let made: WirePolicy = match present {
            Some(policy) => {
                let path = format!("{policies}/{}", policy.id);
                self.call(Call::with(Method::PUT, &path, &body, EDIT)).await?
            }
            None => self.call(Call::with(Method::POST, &policies, &body, EDIT)).await?,
        };
        Ok(made.id)
    }
}

pub(super) fn state(
    apps: &[WireApp],
    policies: &[WirePolicy],
    account: &str,
    hostname: &Hostname,
) -> AccessState {
    let made = format!("{hostname} (portico ");
    let made = policies.iter().filter(|policy| policy.name.starts_with(&made));
    AccessState {
        app: apps.iter().find(|app| app.is_for(hostname)).map(|app| app.seen(account)),
        policies: made.map(|policy| (policy.id.clone(), policy.name.clone())).collect(),
    }
}

/// Who is let in; everybody else is not.
pub fn policy_body(name: &str, emails: &[String]) -> Value {
    let include: Vec<Value> = emails.iter().map(|email| json!({"email": {"email": email}})).collect();
    json!({"name": name, "decision": "allow", "include": include})
}
