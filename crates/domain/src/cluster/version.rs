//! K3s release names, `v1.34.4+k3s1`: parsed once, compared by meaning.
//!
//! The Kubernetes part decides what the kubelet refuses; the `+k3sN` part orders rebuilds of one Kubernetes.
//! Which releases exist is not known here: that is the channel server's answer.

use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};
use ts_rs::TS;

/// One K3s release. Ordered as K3s orders its releases: pre-releases before the release itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct K3sVersion {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
    /// `rc1` in `v1.35.0-rc1+k3s1`.
    pub pre: Option<String>,
    pub k3s: u32,
}

/// The text is not a K3s release name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a K3s release name like v1.34.4+k3s1: {0}")]
pub struct NotAVersion(pub String);

impl K3sVersion {
    /// Whether this release's kubelet refuses to run on cgroup v1 unless told otherwise (Kubernetes 1.35).
    pub fn refuses_cgroup_v1(&self) -> bool {
        (self.major, self.minor) >= (1, 35)
    }
}

impl FromStr for K3sVersion {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let number = |part: &str| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u32>().ok()).flatten()
        };
        let parse = || {
            let (kubernetes, build) = text.strip_prefix('v')?.split_once('+')?;
            let (core, pre) = match kubernetes.split_once('-') {
                Some((core, pre)) => (core, Some(pre)),
                None => (kubernetes, None),
            };
            let mut parts = core.split('.');
            let version = Self {
                major: number(parts.next()?)?,
                minor: number(parts.next()?)?,
                patch: number(parts.next()?)?,
                pre: pre.map(str::to_owned),
                k3s: number(build.strip_prefix("k3s")?)?,
            };
            let pre_is_word = |word: &str| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
            };
            (parts.next().is_none() && version.pre.as_deref().is_none_or(pre_is_word)).then_some(version)
        };
        parse().ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

impl fmt::Display for K3sVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.major, self.minor, self.patch)?;
        if let Some(pre) = &self.pre {
            write!(f, "-{pre}")?;
        }
        write!(f, "+k3s{}", self.k3s)
    }
}

impl TryFrom<String> for K3sVersion {
    type Error = NotAVersion;
    fn try_from(text: String) -> Result<Self, NotAVersion> {
        text.parse()
    }
}

impl From<K3sVersion> for String {
    fn from(version: K3sVersion) -> Self {
        version.to_string()
    }
}

impl Ord for K3sVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| match (&self.pre, &other.pre) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                // Shorter first, so that rc2 comes before rc10.
                (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            })
            .then(self.k3s.cmp(&other.k3s))
    }
}

impl PartialOrd for K3sVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> K3sVersion {
        text.parse().unwrap()
    }

    #[test]
    fn a_release_name_survives_the_round_trip() {
        for text in ["v1.34.4+k3s1", "v1.35.0-rc1+k3s2", "v1.9.11+k3s10"] {
            assert_eq!(version(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_release_name_is_refused() {
        for text in [
            "1.34.4+k3s1",
            "v1.34.4",
            "v1.34+k3s1",
            "v1.34.4+k3s",
            "v1.34.4.1+k3s1",
            "v1.3x.4+k3s1",
            "",
            "stable",
            "v1.34.4-+k3s1",
            "v1.34.+4+k3s1",
        ] {
            assert!(text.parse::<K3sVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn releases_are_ordered_by_meaning_not_by_letters() {
        let ordered = [
            "v1.9.1+k3s1",
            "v1.34.4+k3s1",
            "v1.34.4+k3s2",
            "v1.34.10+k3s1",
            "v1.35.0-rc2+k3s1",
            "v1.35.0-rc10+k3s1",
            "v1.35.0+k3s1",
        ];
        for pair in ordered.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn cgroup_v1_is_refused_from_kubernetes_1_35_on() {
        assert!(!version("v1.34.9+k3s1").refuses_cgroup_v1());
        assert!(version("v1.35.0+k3s1").refuses_cgroup_v1());
        assert!(version("v2.0.0+k3s1").refuses_cgroup_v1());
    }
}
