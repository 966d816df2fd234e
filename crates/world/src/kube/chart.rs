//! The job that helm-controller runs for a chart: its state and, when it failed, its last words.
//!
//! The HelmChart's own conditions turn Failed only after every retry; the job and its pod say it earlier
//! and with the reason.

use super::{Kube, KubeError};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, LogParams};
use portico_domain::observed::ChartJob;

/// Lines of the chart's log that are kept when it failed.
const LOG_LINES: i64 = 40;

impl Kube {
    /// `chart` is the HelmChart's name; its job lives in kube-system.
    pub async fn chart_job(&self, chart: &str) -> Result<ChartJob, KubeError> {
        let jobs: Api<Job> = Api::namespaced(self.client.clone(), "kube-system");
        let name = format!("helm-install-{chart}");
        let Some(job) = jobs.get_opt(&name).await.map_err(|error| KubeError::from_api(&name, error))? else {
            return Ok(ChartJob::Absent);
        };
        let conditions = job.status.and_then(|status| status.conditions).unwrap_or_default();
        let holds = |kind: &str| {
            conditions.iter().any(|condition| condition.type_ == kind && condition.status == "True")
        };
        if holds("Complete") {
            Ok(ChartJob::Complete)
        } else if holds("Failed") {
            Ok(ChartJob::Failed { log: self.chart_log(chart).await })
        } else {
            Ok(ChartJob::Running)
        }
    }

    /// The last lines of the newest pod of the chart's job; empty where there is no pod any more.
    async fn chart_log(&self, chart: &str) -> Vec<String> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), "kube-system");
        let selector = ListParams::default().labels(&format!("helmcharts.helm.cattle.io/chart={chart}"));
        let Ok(found) = pods.list(&selector).await else { return Vec::new() };
        let newest = found
            .items
            .into_iter()
            .max_by_key(|pod| pod.metadata.creation_timestamp.clone().map(|time| time.0));
        let Some(name) = newest.and_then(|pod| pod.metadata.name) else { return Vec::new() };
        let params = LogParams { tail_lines: Some(LOG_LINES), ..LogParams::default() };
        let log = pods.logs(&name, &params).await.unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}
