//! How the stack is: each component judged by the very steps that would install it, and what should be known of names.

use crate::Engine;
use portico_domain::change::{Change, ComponentAct, Desired};
use portico_domain::dns::{Hostname, Wildcard, wildcards};
use portico_domain::exposure::Reach;
use portico_domain::observed::{Seen, Source};
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::{IngressController, StackComponent};
use portico_domain::step::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// How a component is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComponentState {
    pub component: StackComponent,
    pub wanted: bool,
    /// The version that is wanted; none for what K3s brings.
    pub version: Option<String>,
    /// Every step that installs it is true.
    pub healthy: bool,
    /// What is not: the first step that is not true and what it waits for or would change.
    pub lacks: Vec<String>,
    /// What was changed by hand, has failed, or is not ours.
    pub problem: Option<Problem>,
}

/// What should be known about names besides their own paths.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NamesReport {
    pub wildcards: Vec<Wildcard>,
    pub problems: Vec<Problem>,
}

impl Engine {
    /// Every component, in the order in which they are installed.
    pub async fn components(&self) -> Result<Vec<ComponentState>, Problem> {
        let desired = self.desired().await?;
        let mut states = Vec::new();
        for component in StackComponent::ALL {
            states.push(self.component(component, &desired).await);
        }
        Ok(states)
    }

    async fn component(&self, component: StackComponent, desired: &Desired) -> ComponentState {
        let serves = desired.cluster.is_some() && component == desired.ingress().component();
        let is_ingress = IngressController::ALL.iter().any(|other| other.component() == component);
        let pin = desired.stack.pin(component);
        let mut state = ComponentState {
            component,
            wanted: serves || (!is_ingress && desired.stack.components.contains_key(&component)),
            version: pin.version.clone().or(component.version().map(str::to_owned)),
            healthy: false,
            lacks: Vec::new(),
            problem: None,
        };
        if !state.wanted {
            return state;
        }
        match self.preview(Change::Component { component, act: ComponentAct::Install { pin } }).await {
            Err(problem) => state.problem = Some(problem),
            Ok(plan) => {
                state.healthy = plan.needed().next().is_none();
                for planned in plan.needed() {
                    match &planned.verdict {
                        Verdict::Blocked { problem } => {
                            state.problem.get_or_insert_with(|| problem.clone());
                        }
                        Verdict::No { diff } => state.lacks.extend(diff.iter().map(|line| line.text.clone())),
                        Verdict::Yes => {}
                    }
                }
            }
        }
        state
    }

    /// What stays true for as long as it is so: a retired controller, keys that no backup has.
    pub async fn notices(&self) -> Result<Vec<Problem>, Problem> {
        let desired = self.desired().await?;
        if desired.cluster.is_none() {
            return Ok(Vec::new());
        }
        let mut conditions: Vec<Problem> = desired.ingress().condition().into_iter().collect();
        if desired.stack.components.contains_key(&StackComponent::SealedSecrets)
            && let Ok(keys) = self.keys().await
        {
            conditions.extend(keys.condition());
        }
        Ok(conditions)
    }

    /// Wildcards and who leans on them, and LAN-only names that resolvers offer Encrypted Client Hello for.
    pub async fn names(&self) -> Result<NamesReport, Problem> {
        let desired = self.desired().await?;
        if desired.stack.home_domain().is_some() {
            return Ok(NamesReport::default());
        }
        let mut sources = vec![Source::IngressHosts];
        let exposed = desired.exposures.iter().map(|exposure| exposure.hostname.to_string());
        sources.extend(exposed.map(|hostname| Source::Records { hostname }));
        let mut observed = self.observe(&sources, desired.cluster.as_ref()).await;
        let hosts: Vec<Hostname> = match &observed.ingress_hosts {
            Some(Seen::Seen { value, .. }) => value.iter().map(|host| host.hostname.clone()).collect(),
            Some(Seen::Unseen { why }) => return Err(why.clone()),
            None => Vec::new(),
        };
        // Names of Ingresses that Portico did not make have their zones, too.
        let asked = hosts.iter().map(|host| Source::Records { hostname: host.to_string() });
        let asked: Vec<Source> = asked.filter(|source| !sources.contains(source)).collect();
        observed.update(self.observe(&asked, desired.cluster.as_ref()).await);
        let mut records = BTreeMap::new();
        for found in observed.records.values().filter_map(Seen::value) {
            for record in found.records.iter().chain(&found.wildcards) {
                records.insert(record.id.clone(), record.clone());
            }
        }
        let records: Vec<_> = records.into_values().collect();
        let wildcards = wildcards(&records, &hosts);
        let mut problems: Vec<Problem> = wildcards.iter().map(wildcard_problem).collect();
        let lan = desired.exposures.iter().filter(|exposure| exposure.reach == Reach::Lan);
        for exposure in lan {
            if self.offers_ech(&exposure.hostname).await {
                problems.push(Problem::new(Code::EncryptedHello).arg("hostname", &exposure.hostname));
            }
        }
        Ok(NamesReport { wildcards, problems })
    }
}

fn wildcard_problem(wildcard: &Wildcard) -> Problem {
    let problem = Problem::new(Code::WildcardRecord).arg("name", &wildcard.name);
    let hosts: Vec<&str> = wildcard.leaning.iter().map(Hostname::as_str).collect();
    if hosts.is_empty() { problem } else { problem.arg("hosts", hosts.join(", ")) }
}
