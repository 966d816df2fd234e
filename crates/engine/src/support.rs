//! The support bundle: what somebody who helps would ask for, as one text that its owner reads before giving it away.
//!
//! Asks what can be asked now; what does not answer is in the bundle as such. `domain::support` says what is hidden.

use crate::{Engine, HistoryOf};
use portico_domain::history::Window;
use portico_domain::problem::Problem;
use portico_domain::support::Mask;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use ts_rs::TS;

/// Each part; a cluster that hangs should not keep the rest back.
const PART: Duration = Duration::from_secs(20);

/// The newest of them.
const RUNS: usize = 20;

/// Of the timeline.
const ENTRIES: u32 = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SupportBundle {
    /// JSON, indented.
    pub text: String,
    /// How many different things of each kind have a stand-in: `address`, `domain`, `id`, `mail`.
    pub hidden: BTreeMap<String, u32>,
}

impl Engine {
    /// Made anew with each call; nothing is sent anywhere.
    pub async fn support(&self) -> Result<SupportBundle, Problem> {
        let desired = self.desired().await?;
        let mut runs = self.runs().await?;
        runs.truncate(RUNS);
        // Side by side: one that hangs holds up the whole for its own time alone.
        let (flow, conditions, components, names, machines, credentials, timeline, uptime, storage) = tokio::join!(
            part(self.flow()),
            part(self.conditions()),
            part(self.components()),
            part(self.names()),
            part(self.hosts()),
            part(self.credentials()),
            part(async { Ok(self.timeline(Window::Week, None, ENTRIES).await?.0) }),
            part(self.history(HistoryOf::Services, Window::Week)),
            part(self.history_storage()),
        );
        let report = json!({
            "portico": { "version": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS, "arch": std::env::consts::ARCH },
            "at": self.now(),
            "wanted": &desired,
            "flow": flow,
            "conditions": conditions,
            "components": components,
            "names": names,
            "machines": machines,
            "credentials": credentials,
            "runs": runs,
            "timeline": timeline,
            "uptime": uptime,
            "storage": storage,
        });
        let mut mask = Mask::new(desired.exposures.iter().map(|exposure| exposure.hostname.as_str()));
        let text = serde_json::to_string_pretty(&mask.report(report)).unwrap_or_default();
        let hidden = mask.counts().into_iter();
        Ok(SupportBundle {
            text,
            hidden: hidden
                .map(|(kind, count)| (kind.to_owned(), u32::try_from(count).unwrap_or(u32::MAX)))
                .collect(),
        })
    }
}

fn part<'a, T: Serialize>(
    asked: impl Future<Output = Result<T, Problem>> + Send + 'a,
) -> impl Future<Output = Value> + Send + 'a {
    // All of them at once are more than a stack holds.
    let asked = Box::pin(asked);
    async {
        match tokio::time::timeout(PART, asked).await {
            Ok(Ok(answer)) => serde_json::to_value(answer).unwrap_or_default(),
            Ok(Err(problem)) => json!({ "problem": problem }),
            Err(_) => json!({ "problem": format!("no answer within {} s", PART.as_secs()) }),
        }
    }
}
