//! The addresses of everything outside: the seam between Portico and the world it runs in.
//!
//! Absent fields mean the real world. Practice and the ground hand in a file with their own addresses; the
//! clients that speak to them are the same.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Version of the endpoints document.
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoints {
    pub version: u32,
    /// Base of Cloudflare's API v4.
    #[serde(default = "cloudflare")]
    pub cloudflare: String,
    #[serde(default)]
    pub k3s: K3sEndpoints,
    /// Base of a chart mirror: `{charts}/{name}` replaces each chart's own repository.
    #[serde(default)]
    pub charts: Option<String>,
    /// Images that replace the product's own, by the app's name (a local registry, an air gap).
    #[serde(default)]
    pub images: BTreeMap<String, String>,
    #[serde(default)]
    pub acme: Option<String>,
    /// Base URL of the edge that public names are asked at, in place of Cloudflare's own.
    #[serde(default)]
    pub edge: Option<String>,
    #[serde(default)]
    pub resolvers: Resolvers,
    #[serde(default)]
    pub ports: Ports,
    #[serde(default)]
    pub scan: Scan,
    /// Base URL of a rehearsal's own door, which the real world does not have.
    #[serde(default)]
    pub practice: Option<String>,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            version: VERSION,
            cloudflare: cloudflare(),
            k3s: K3sEndpoints::default(),
            charts: None,
            images: BTreeMap::new(),
            acme: None,
            edge: None,
            resolvers: Resolvers::default(),
            ports: Ports::default(),
            scan: Scan::default(),
            practice: None,
        }
    }
}

/// Where K3s is fetched from: `{releases}/{version}/…`, `{install}/{version}/install.sh`, channels as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct K3sEndpoints {
    pub releases: String,
    pub install: String,
    pub channels: String,
}

impl Default for K3sEndpoints {
    fn default() -> Self {
        Self {
            releases: "https://github.com/k3s-io/k3s/releases/download".into(),
            install: "https://raw.githubusercontent.com/k3s-io/k3s".into(),
            channels: "https://update.k3s.io/v1-release/channels".into(),
        }
    }
}

/// DNS servers to ask; empty lists mean: the zone's own, well-known public ones, the system's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Resolvers {
    pub authoritative: Vec<SocketAddr>,
    pub public: Vec<SocketAddr>,
    pub system: Vec<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Ports {
    pub ssh: u16,
    pub api: u16,
    pub http: u16,
    pub https: u16,
    pub kubelet: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { ssh: 22, api: 6443, http: 80, https: 443, kubelet: 10250 }
    }
}

/// What a scan covers when nothing is named: empty means the computer's own networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Scan {
    pub subnets: Vec<String>,
    pub mdns: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { subnets: Vec::new(), mdns: true }
    }
}

fn cloudflare() -> String {
    "https://api.cloudflare.com/client/v4".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_the_real_world() {
        let endpoints: Endpoints = serde_json::from_str(r#"{"version":1,"ports":{"ssh":2222}}"#).unwrap();
        assert_eq!(endpoints.ports, Ports { ssh: 2222, ..Ports::default() });
        assert_eq!(endpoints.cloudflare, Endpoints::default().cloudflare);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let error = serde_json::from_str::<Endpoints>(r#"{"version":1,"cloudflair":"x"}"#).unwrap_err();
        assert!(error.to_string().contains("cloudflair"), "{error}");
    }
}
