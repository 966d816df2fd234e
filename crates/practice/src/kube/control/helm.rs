//! K3s' helm-controller: a HelmChart becomes a Job, and the Job's success becomes the chart's objects.
//!
//! So does its deletion: a second Job uninstalls, and only then is the HelmChart let go. What a chart says is to be kept stays.
//! Jobs really are scheduled as pods, so a taint that nothing tolerates keeps them pending for ever, as in K3s before 1.36.3.

use super::{Pass, charts, is_true, items, name, namespace, set_condition};
use crate::homelab::sha256_hex;
use crate::kube::kinds;
use crate::kube::store::Key;
use crate::kube::{addresses, rules};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const CHART: &str = "helmcharts.helm.cattle.io/chart";
const HASH: &str = "helmcharts.helm.cattle.io/configHash";
const FINALIZER: &str = "wrangler.cattle.io/on-helm-chart-remove";

pub fn reconcile(pass: &mut Pass<'_>) {
    if pass.cluster.settings.flag("disable-helm-controller") {
        return;
    }
    for chart in pass.list("helmcharts.helm.cattle.io") {
        if !chart["metadata"]["annotations"]["helmcharts.helm.cattle.io/unmanaged"].is_null() {
            continue;
        }
        if chart["metadata"]["deletionTimestamp"].is_null() {
            install(pass, &chart);
        } else {
            uninstall(pass, &chart);
        }
    }
}

fn target(chart: &Value) -> &str {
    chart["spec"]["targetNamespace"]
        .as_str()
        .filter(|space| !space.is_empty())
        .unwrap_or_else(|| namespace(chart))
}

fn config(pass: &Pass<'_>, chart: &Value) -> Option<Arc<Value>> {
    pass.store.get(&Key::namespaced("helmchartconfigs.helm.cattle.io", namespace(chart), name(chart)))
}

fn install(pass: &Pass<'_>, chart: &Arc<Value>) {
    let key = Key::namespaced("helmcharts.helm.cattle.io", namespace(chart), name(chart));
    if !items(&chart["metadata"]["finalizers"]).contains(&json!(FINALIZER)) {
        return pass.store.edit(&key, "helm-controller", None, |chart| {
            let mut finalizers = items(&chart["metadata"]["finalizers"]).to_vec();
            finalizers.push(json!(FINALIZER));
            chart["metadata"]["finalizers"] = json!(finalizers);
        });
    }
    let job_name = format!("helm-install-{}", name(chart));
    let extra = config(pass, chart).map(|config| config["spec"].clone()).unwrap_or_default();
    let hash =
        format!("SHA256={}", sha256_hex(format!("{}{extra}", chart["spec"]).as_bytes()).to_uppercase());
    let job_key = Key::namespaced("jobs.batch", namespace(chart), &job_name);
    match pass.store.get(&job_key) {
        Some(job) if job["metadata"]["annotations"][HASH] != json!(hash) => drop(pass.store.remove(&job_key)),
        Some(job) => report(pass, &key, &job, &job_name),
        None => {
            pass.store.put(&job_key, job(chart, "install", &hash), "helm-controller");
            pass.event(
                chart,
                "HelmChart",
                "ApplyJob",
                &format!("Applying HelmChart using Job {}/{job_name}", namespace(chart)),
                false,
            );
        }
    }
}

fn report(pass: &Pass<'_>, key: &Key, job: &Value, job_name: &str) {
    let failed = is_true(job, "Failed");
    pass.status(key, "helm-controller", |chart| {
        chart["status"]["jobName"] = json!(job_name);
        set_condition(
            chart,
            "JobCreated",
            "True",
            "Job created",
            &format!("Applying HelmChart using Job {}/{job_name}", key.namespace),
        );
        if failed {
            set_condition(
                chart,
                "Failed",
                "True",
                "Job failed",
                &format!("Job has reached the specified backoff limit: {job_name}"),
            );
        } else {
            set_condition(chart, "Failed", "False", "", "");
        }
    });
}

fn job(chart: &Value, verb: &str, hash: &str) -> Value {
    let job_name = format!("helm-{verb}-{}", name(chart));
    let labels = json!({CHART: name(chart)});
    let mut pod = json!({
        "restartPolicy": "OnFailure", "serviceAccountName": format!("helm-{}", name(chart)), "nodeSelector": {"kubernetes.io/os": "linux"},
        "containers": [{
            "name": "helm", "image": chart["spec"]["jobImage"].as_str().unwrap_or("rancher/klipper-helm:v0.9.14-build20260210"), "args": [verb],
            "env": [
                {"name": "NAME", "value": name(chart)}, {"name": "VERSION", "value": chart["spec"]["version"].as_str().unwrap_or_default()},
                {"name": "CHART", "value": chart["spec"]["chart"].as_str().unwrap_or_default()}, {"name": "REPO", "value": chart["spec"]["repo"].as_str().unwrap_or_default()},
                {"name": "TARGET_NAMESPACE", "value": target(chart)}, {"name": "FAILURE_POLICY", "value": chart["spec"]["failurePolicy"].as_str().unwrap_or("reinstall")},
            ],
        }],
    });
    if chart["spec"]["bootstrap"] == true {
        pod["hostNetwork"] = json!(true);
        pod["nodeSelector"]["node-role.kubernetes.io/control-plane"] = json!("true");
        pod["tolerations"] = json!([
            {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
            {"key": "node-role.kubernetes.io/etcd", "operator": "Exists", "effect": "NoExecute"},
            {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
        ]);
    }
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": job_name, "namespace": namespace(chart), "labels": labels, "annotations": {HASH: hash}},
        "spec": {
            "backoffLimit": chart["spec"]["backOffLimit"].as_u64().unwrap_or(1000), "completions": 1, "parallelism": 1,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    })
}

/// What a job's container does: helm for a chart's job, nothing for any other.
///
/// # Errors
/// The container's log when helm fails.
pub fn perform(pass: &Pass<'_>, job: &Value) -> Result<String, String> {
    let Some(chart) = job["metadata"]["labels"][CHART].as_str() else { return Ok(String::new()) };
    let key = Key::namespaced("helmcharts.helm.cattle.io", namespace(job), chart);
    let Some(chart) = pass.store.get(&key) else { return Ok(String::new()) };
    if job["spec"]["template"]["spec"]["containers"][0]["args"][0] == "delete" {
        remove(pass, &chart, &BTreeSet::new());
        return Ok(format!("+ helm uninstall {0}\nrelease \"{0}\" uninstalled\n", name(&chart)));
    }
    let revision = releases(pass, &chart).len() + 1;
    let verb = if revision == 1 { "install" } else { "upgrade" };
    bring(pass, &chart, job, revision).map_err(|reason| {
        let policy = chart["spec"]["failurePolicy"].as_str().unwrap_or("reinstall");
        let failed = if revision == 1 { "INSTALLATION" } else { "UPGRADE" };
        format!(
            "+ helm {verb} --namespace {} {}\nError: {failed} FAILED: {reason}\nInstalling helm chart failed; failure policy is {policy}\n",
            target(&chart),
            name(&chart)
        )
    })?;
    Ok(format!(
        "+ helm {verb} --namespace {0} {1}\nNAME: {1}\nNAMESPACE: {0}\nSTATUS: deployed\nREVISION: {revision}\n",
        target(&chart),
        name(&chart)
    ))
}

/// Installs or upgrades: what the chart makes is put, and what it made before and makes no more goes.
fn bring(pass: &Pass<'_>, chart: &Value, job: &Value, revision: usize) -> Result<(), String> {
    let release = charts::Release {
        name: name(chart),
        namespace: target(chart),
        chart: chart["spec"]["chart"].as_str().unwrap_or_default(),
        version: chart["spec"]["version"].as_str().unwrap_or_default(),
        repo: chart["spec"]["repo"].as_str().unwrap_or_default(),
        values: values(pass, chart)?,
    };
    let known = pass.homelab.read(|state| state.charts.clone());
    let objects = charts::render(&release, &known)?;
    ensure_namespace(pass, chart)?;
    for (key, object) in &objects {
        let Some(there) = pass.store.get(key) else { continue };
        let ours = there["metadata"]["annotations"]["meta.helm.sh/release-name"] == json!(release.name);
        // What comes out of a chart's `crds` folder belongs to no release.
        let owned = !object["metadata"]["annotations"]["meta.helm.sh/release-name"].is_null();
        if owned && !ours && chart["spec"]["takeOwnership"] != true {
            return Err(format!(
                "unable to continue with install: {} {:?} in namespace {:?} exists and cannot be imported into the current release: \
                 invalid ownership metadata; annotation validation error: missing key \"meta.helm.sh/release-name\": must be set to {:?}",
                object["kind"].as_str().unwrap_or_default(),
                key.name,
                key.namespace,
                release.name
            ));
        }
    }
    let made: BTreeSet<Key> = objects.iter().map(|(key, _)| key.clone()).collect();
    for (key, object) in objects {
        put(pass, &key, object);
    }
    remove(pass, chart, &made);
    record(pass, &release, revision, job);
    Ok(())
}

/// Stores an object as the API would: with defaults, addresses, and the status that its controllers gave it.
fn put(pass: &Pass<'_>, key: &Key, mut object: Value) {
    let old = pass.store.get(key);
    if let Some(kind) = kinds::served(pass.store).iter().find(|kind| kind.resource() == key.resource) {
        rules::fill(kind, &mut object);
    }
    if key.resource == "services" {
        addresses::allocate(&pass.list("services"), old.as_deref(), &mut object);
    }
    if let Some(status) = old.as_ref().and_then(|old| old.get("status")) {
        object["status"] = status.clone();
    }
    pass.store.put(key, object, "helm");
}

fn values(pass: &Pass<'_>, chart: &Value) -> Result<Value, String> {
    let mut merged = json!({});
    let extra = config(pass, chart).map(|config| config["spec"].clone()).unwrap_or_default();
    for spec in [&chart["spec"], &extra] {
        if let Some(text) = spec["valuesContent"].as_str().filter(|text| !text.trim().is_empty()) {
            let values: Value =
                serde_saphyr::from_str(text).map_err(|error| format!("cannot unmarshal values: {error}"))?;
            json_patch::merge(&mut merged, &values);
        }
        if spec["values"].is_object() {
            json_patch::merge(&mut merged, &spec["values"]);
        }
    }
    Ok(merged)
}

fn ensure_namespace(pass: &Pass<'_>, chart: &Value) -> Result<(), String> {
    let space = target(chart);
    let key = Key::cluster("namespaces", space);
    if pass.store.get(&key).is_some() {
        return Ok(());
    }
    if chart["spec"]["createNamespace"] != true {
        return Err(format!("create: failed to create: namespaces {space:?} not found"));
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": {"kubernetes.io/metadata.name": space, "name": space}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    });
    pass.store.put(&key, object, "helm");
    Ok(())
}

/// The Secrets in which helm remembers this chart's releases.
fn releases(pass: &Pass<'_>, chart: &Value) -> Vec<Arc<Value>> {
    let mut secrets = pass.store.list("secrets", Some(target(chart))).0;
    secrets.retain(|secret| {
        secret["type"] == "helm.sh/release.v1" && secret["metadata"]["labels"]["name"] == json!(name(chart))
    });
    secrets
}

fn record(pass: &Pass<'_>, release: &charts::Release<'_>, revision: usize, job: &Value) {
    for secret in pass.store.list("secrets", Some(release.namespace)).0 {
        if secret["type"] == "helm.sh/release.v1"
            && secret["metadata"]["labels"]["name"] == json!(release.name)
        {
            let key = Key::namespaced("secrets", namespace(&secret), name(&secret));
            pass.store.edit(&key, "helm", None, |secret| {
                secret["metadata"]["labels"]["status"] = json!("superseded")
            });
        }
    }
    let secret = format!("sh.helm.release.v1.{}.v{revision}", release.name);
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "data": {"release": ""},
        "metadata": {"name": secret, "namespace": release.namespace, "labels": {
            "owner": "helm", "name": release.name, "status": "deployed", "version": revision.to_string(),
            HASH: job["metadata"]["annotations"][HASH].as_str().unwrap_or_default().trim_start_matches("SHA256=").chars().take(63).collect::<String>(),
        }},
    });
    pass.store.put(&Key::namespaced("secrets", release.namespace, &secret), object, "helm");
}

/// Takes away what the chart made, but for some objects and those that are annotated to be kept.
fn remove(pass: &Pass<'_>, chart: &Value, keep: &BTreeSet<Key>) {
    for kind in kinds::served(pass.store) {
        let resource = kind.resource();
        for object in pass.list(&resource) {
            let annotations = &object["metadata"]["annotations"];
            let ours = annotations["meta.helm.sh/release-name"] == json!(name(chart))
                && annotations["meta.helm.sh/release-namespace"] == json!(target(chart));
            let key = Key::namespaced(&resource, namespace(&object), name(&object));
            if ours && !keep.contains(&key) && annotations["helm.sh/resource-policy"] != "keep" {
                pass.store.remove(&key);
            }
        }
    }
    if keep.is_empty() {
        for secret in releases(pass, chart) {
            pass.store.remove(&Key::namespaced("secrets", namespace(&secret), name(&secret)));
        }
    }
}

fn uninstall(pass: &Pass<'_>, chart: &Arc<Value>) {
    let job_key =
        |verb: &str| Key::namespaced("jobs.batch", namespace(chart), &format!("helm-{verb}-{}", name(chart)));
    pass.store.remove(&job_key("install"));
    let key = Key::namespaced("helmcharts.helm.cattle.io", namespace(chart), name(chart));
    match pass.store.get(&job_key("delete")) {
        None => {
            pass.store.put(&job_key("delete"), job(chart, "delete", ""), "helm-controller");
            let said =
                format!("Removing HelmChart using Job {}/{}", namespace(chart), job_key("delete").name);
            pass.event(chart, "HelmChart", "RemoveJob", &said, false);
        }
        Some(job) if is_true(&job, "Complete") => {
            pass.store.remove(&job_key("delete"));
            pass.store.edit(&key, "helm-controller", None, |chart| {
                if let Some(finalizers) = chart["metadata"]["finalizers"].as_array_mut() {
                    finalizers.retain(|finalizer| finalizer != FINALIZER);
                }
            });
        }
        Some(_) => {}
    }
}
