//! Cloudflare Access in front of a public service: default deny, allow by e-mail.
//!
//! Applications have names and no comments; ours carry the cluster in the name. One reusable policy per
//! application says who is let in.

use crate::dns::Hostname;
use serde::{Deserialize, Serialize};

/// An application as it was seen for one hostname.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessApp {
    pub id: String,
    pub name: String,
    pub account_id: String,
    /// The e-mail addresses that its allow policies name, sorted.
    pub emails: Vec<String>,
    /// Something besides plain allow-by-e-mail is in its policies.
    pub other_rules: bool,
    /// The ids of its policies.
    pub policies: Vec<String>,
}

/// What stands in front of one hostname.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessState {
    pub app: Option<AccessApp>,
    /// Policies that were made for the hostname: id and name. One may be left of an application that was cut off, before
    /// it was made or after it was taken away.
    pub policies: Vec<(String, String)>,
}

impl AccessState {
    /// The ids of policies of ours that no application of ours names.
    pub fn strays(&self, hostname: &Hostname, cluster: &str) -> Vec<&str> {
        let name = app_name(hostname, cluster);
        let used = |id: &String| self.app.as_ref().is_some_and(|app| app.policies.contains(id));
        let strays = self.policies.iter().filter(|(id, of)| *of == name && !used(id));
        strays.map(|(id, _)| id.as_str()).collect()
    }
}

/// The name that marks an application, and its policy, as ours.
pub fn app_name(hostname: &Hostname, cluster: &str) -> String {
    format!("{hostname} (portico {cluster})")
}

impl AccessApp {
    pub fn is_ours(&self, hostname: &Hostname, cluster: &str) -> bool {
        self.name == app_name(hostname, cluster)
    }

    /// Whether exactly these addresses are let in.
    pub fn lets_in(&self, emails: &[String]) -> bool {
        let mut wanted = emails.to_vec();
        wanted.sort();
        wanted.dedup();
        !self.other_rules && self.emails == wanted
    }
}
