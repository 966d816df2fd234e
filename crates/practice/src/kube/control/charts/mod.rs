//! The charts that practice can install, as the objects that they become.
//!
//! A new chart is a line in `mirror::CHARTS` (its versions) and an arm of [`render`]. Values that change what clients can
//! see are read (service types, replicas, flags, definitions); all others are accepted and do nothing.

mod ingress;
mod parts;
mod stack;

use crate::kube::store::Key;
use crate::mirror;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is installed, under which name, where, and with which values.
pub struct Release<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub chart: &'a str,
    pub version: &'a str,
    pub repo: &'a str,
    pub values: Value,
}

/// Where K3s keeps the charts that it brings along, followed by NAME-VERSION.tgz.
pub const BUNDLED: &str = "https://%{KUBERNETES_API}%/static/charts/";

/// The objects of a release. `known` has the versions of each chart.
///
/// # Errors
/// Helm's own words when the chart or the version is not to be had.
pub fn render(
    release: &Release<'_>,
    known: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<(Key, Value)>, String> {
    if let Some(file) = release.chart.strip_prefix(BUNDLED) {
        let bundled = file.trim_end_matches(".tgz");
        return match bundled.strip_prefix("traefik-crd-") {
            Some(version) => Ok(stack::traefik_definitions(release, version)),
            None => Ok(ingress::traefik(release, bundled.trim_start_matches("traefik-"))),
        };
    }
    // `chart` may be an OCI address, whose last part is the name.
    let chart = release.chart.rsplit('/').next().unwrap_or_default();
    let repo = if release.repo.is_empty() { "the default repository" } else { release.repo };
    let versions =
        known.get(chart).ok_or_else(|| format!("chart {chart:?} not found in {repo} repository"))?;
    let version = match release.version {
        "" => versions.last().map(String::as_str).unwrap_or_default(),
        wanted => versions
            .iter()
            .find(|version| *version == wanted)
            .ok_or_else(|| format!("chart {chart:?} matching {wanted} not found in {repo} index. (try 'helm repo update'): no chart version found for {chart}-{wanted}"))?,
    };
    let app = mirror::app_version(chart, version).unwrap_or(version);
    match chart {
        "ingress-nginx" => Ok(ingress::nginx(release, version, app)),
        "sealed-secrets" => Ok(stack::sealed_secrets(release, version, app)),
        "cert-manager" => Ok(stack::cert_manager(release, version, app)),
        "kube-prometheus-stack" => Ok(stack::prometheus(release, version)),
        "argo-cd" => Ok(stack::argo_cd(release, version)),
        other => Err(format!("chart {other:?} has nothing that practice could install")),
    }
}

#[cfg(test)]
mod tests;
