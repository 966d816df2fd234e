//! Jobs: one pod each, restarted until it succeeds or the back-off limit is reached.

use super::pods::LOG;
use super::{Pass, helm, is_true, items, name, namespace, owned_by, set_condition, uid, workloads};
use crate::kube::store::{Key, timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn reconcile(pass: &mut Pass<'_>) {
    for job in pass.list("jobs.batch") {
        if job["metadata"]["deletionTimestamp"].is_null()
            && !is_true(&job, "Complete")
            && !is_true(&job, "Failed")
        {
            advance(pass, &job);
        }
    }
}

fn advance(pass: &mut Pass<'_>, job: &Arc<Value>) {
    let space = namespace(job).to_owned();
    let key = Key::namespaced("jobs.batch", &space, name(job));
    if job["spec"]["suspend"] == true {
        return;
    }
    let pod = pass.store.list("pods", Some(&space)).0.into_iter().find(|pod| owned_by(pod, job));
    let Some(pod) = pod else {
        let mut pod = workloads::pod(job, &format!("{}-{}", name(job), &uid(job)[..5.min(uid(job).len())]));
        pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] = json!(name(job));
        pod["metadata"]["labels"]["job-name"] = json!(name(job));
        let pod_key = Key::namespaced("pods", &space, name(&pod));
        pass.store.put(&pod_key, pod, "kube-controller-manager");
        return pass.status(&key, "kube-controller-manager", |job| {
            job["status"]["active"] = json!(1);
            job["status"]["startTime"] = json!(timestamp());
        });
    };
    let restarts = pod["status"]["containerStatuses"][0]["restartCount"].as_u64().unwrap_or(0);
    let running = pod["status"]["phase"] == "Running";
    let timer = format!("job {} {restarts}", uid(&pod));
    if !running || !pass.timers.over(&timer, pass.homelab.pace.chart) {
        return;
    }
    pass.timers.forget(&timer);
    let pod_key = Key::namespaced("pods", &space, name(&pod));
    match helm::perform(pass, job) {
        Ok(log) => {
            finish_pod(pass, &pod_key, &log, "Succeeded", restarts);
            pass.status(&key, "kube-controller-manager", |job| {
                job["status"]["active"] = json!(0);
                job["status"]["succeeded"] = json!(1);
                job["status"]["completionTime"] = json!(timestamp());
                set_condition(
                    job,
                    "SuccessCriteriaMet",
                    "True",
                    "CompletionsReached",
                    "Reached expected number of succeeded pods",
                );
                set_condition(
                    job,
                    "Complete",
                    "True",
                    "CompletionsReached",
                    "Reached expected number of succeeded pods",
                );
            });
        }
        Err(log) => {
            let limit = job["spec"]["backoffLimit"].as_u64().unwrap_or(6);
            if restarts < limit {
                return finish_pod(pass, &pod_key, &log, "Running", restarts + 1);
            }
            finish_pod(pass, &pod_key, &log, "Failed", restarts);
            pass.event(
                job,
                "Job",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
                true,
            );
            pass.status(&key, "kube-controller-manager", |job| {
                job["status"]["active"] = json!(0);
                job["status"]["failed"] = json!(1);
                set_condition(
                    job,
                    "FailureTarget",
                    "True",
                    "BackoffLimitExceeded",
                    "Job has reached the specified backoff limit",
                );
                set_condition(
                    job,
                    "Failed",
                    "True",
                    "BackoffLimitExceeded",
                    "Job has reached the specified backoff limit",
                );
            });
        }
    }
}

fn finish_pod(pass: &Pass<'_>, key: &Key, log: &str, phase: &str, restarts: u64) {
    let failed = phase != "Succeeded";
    pass.store.edit(key, "k3s", None, |pod| pod["metadata"]["annotations"][LOG] = json!(log));
    pass.status(key, "k3s", |pod| {
        let ended = json!({"terminated": {
            "exitCode": u8::from(failed), "reason": if failed { "Error" } else { "Completed" }, "finishedAt": timestamp(),
            "message": log.lines().last().unwrap_or_default(),
        }});
        pod["status"]["phase"] = json!(phase);
        let containers = items(&pod["status"]["containerStatuses"]).to_vec();
        let containers: Vec<Value> = containers
            .into_iter()
            .map(|mut container| {
                container["restartCount"] = json!(restarts);
                container["ready"] = json!(false);
                container["lastState"] = ended.clone();
                container["state"] = if phase == "Running" { json!({"waiting": {"reason": "CrashLoopBackOff"}}) } else { ended.clone() };
                container
            })
            .collect();
        pod["status"]["containerStatuses"] = json!(containers);
    });
}
