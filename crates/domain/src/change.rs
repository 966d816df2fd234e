//! The changes a person can ask for, and the plan that one leads to.
//!
//! `Change::apply` says what is wanted afterwards; `plan` (one file per kind of change) says which steps
//! lead there from what was seen. A plan is plain data: it can be shown, stored and compared.

use crate::cluster::ClusterDocument;
use crate::exposure::{Exposure, Reach};
use crate::observed::Observed;
use crate::preflight::{CheckCode, Finding, Findings, Severity};
use crate::problem::{Code, Problem};
use crate::stack::{IngressController, Pin, Stack, StackComponent};
use crate::step::{Step, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change {
    /// Build the cluster of the document, or bring it to what the document says.
    BuildCluster { document: ClusterDocument },
    /// Install what is wanted besides the cluster: certificates, sealed secrets, the tunnel.
    SetUpStack { stack: Stack },
    /// Install, upgrade, repair or remove one component.
    Component { component: StackComponent, act: ComponentAct },
    /// Let the other ingress controller serve, and the present one go once every name answers.
    MoveIngress {
        to: IngressController,
        /// A version of Traefik that is taken although it is older than it should be.
        #[serde(default)]
        accept: Option<String>,
    },
    /// Make a service reachable under a name, or reachable otherwise than it is.
    Expose {
        exposure: Exposure,
        /// What somebody else made under this name may be replaced.
        #[serde(default)]
        adopt: bool,
        /// The owner knows that ingress-nginx gets no fixes, and exposes through it all the same.
        #[serde(default)]
        accept_retired: bool,
    },
    /// Take a name away again. The whole exposure, so that a run that was cut off can be continued.
    Hide {
        exposure: Exposure,
        /// Its app goes, too, with its data.
        #[serde(default)]
        uninstall: bool,
    },
    /// Bring records and routes of all services to what the nodes and the wishes are now.
    Reconcile,
}

/// What happens to a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ComponentAct {
    /// Install it, or bring it to this pin.
    Install {
        pin: Pin,
    },
    /// Put right what was changed by hand or has failed.
    Repair,
    Remove,
}

/// Everything that is wanted, one immutable document per revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    pub version: u32,
    pub cluster: Option<ClusterDocument>,
    pub exposures: Vec<Exposure>,
    #[serde(default)]
    pub stack: Stack,
}

impl Desired {
    pub fn ingress(&self) -> IngressController {
        match &self.cluster {
            Some(cluster) if cluster.options.traefik => IngressController::Traefik,
            _ => IngressController::Nginx,
        }
    }

    pub fn cluster_name(&self) -> &str {
        self.cluster.as_ref().map(|cluster| cluster.name.as_str()).unwrap_or_default()
    }
}

impl Change {
    /// What is wanted once this change is done. Pure; refuses what contradicts the present wish.
    pub fn apply(&self, desired: &Desired) -> Result<Desired, Problem> {
        let mut next = Desired { version: 1, ..desired.clone() };
        if desired.cluster.is_none() && !matches!(self, Self::BuildCluster { .. }) {
            return Err(Problem::new(Code::NoCluster));
        }
        match self {
            Self::BuildCluster { document } => {
                if let Some(present) = &desired.cluster {
                    if present.name != document.name {
                        return Err(Problem::new(Code::AnotherCluster)
                            .arg("present", &present.name)
                            .arg("asked", &document.name));
                    }
                    let gone =
                        present.machines.iter().find(|m| document.machines.iter().all(|n| n.name != m.name));
                    if let Some(machine) = gone {
                        return Err(Problem::new(Code::MachineLeft).arg("machine", &machine.name));
                    }
                }
                next.cluster = Some(document.clone());
            }
            Self::SetUpStack { stack } => {
                if let Some(problem) = stack.problems().into_iter().next() {
                    return Err(problem);
                }
                if let Some(exposure) = desired.exposures.first()
                    && stack.names != desired.stack.names
                {
                    return Err(Problem::new(Code::NamesInUse).arg("hostname", &exposure.hostname));
                }
                // A yes is not taken back by leaving it out.
                let accepted = stack.retired_accepted || desired.stack.retired_accepted;
                next.stack = Stack { retired_accepted: accepted, ..stack.clone() };
                if stack.home_domain().is_some() {
                    next.stack.components.remove(&StackComponent::Cloudflared);
                }
            }
            Self::Component { component, act } => self.component(*component, act, &mut next)?,
            Self::MoveIngress { to, accept } => {
                if let Some(version) = accept {
                    let pin = next.stack.components.entry(StackComponent::Traefik).or_default();
                    pin.version = Some(version.clone());
                }
                if let Some(cluster) = &mut next.cluster {
                    cluster.options.traefik = *to == IngressController::Traefik;
                }
            }
            Self::Expose { exposure, accept_retired, .. } => {
                if let Some(problem) = exposure.problem() {
                    return Err(problem);
                }
                if let Some(domain) = desired.stack.home_domain() {
                    let problem = |code| Problem::new(code).arg("domain", domain);
                    if exposure.reach == Reach::Public {
                        return Err(problem(Code::CloudflareNotUsed).arg("hostname", &exposure.hostname));
                    }
                    if !exposure.hostname.is_in(domain.as_str()) {
                        return Err(problem(Code::HostnameOutside).arg("hostname", &exposure.hostname));
                    }
                }
                let taken = desired
                    .exposures
                    .iter()
                    .find(|other| other.hostname == exposure.hostname && other.name != exposure.name);
                if let Some(other) = taken {
                    return Err(Problem::new(Code::HostnameTaken)
                        .arg("hostname", &exposure.hostname)
                        .arg("service", &other.name));
                }
                let present = next.exposures.iter_mut().find(|other| other.name == exposure.name);
                if present.as_ref().is_some_and(|present| !present.backend.is_same(&exposure.backend)) {
                    return Err(Problem::new(Code::ServiceNameTaken).arg("service", &exposure.name));
                }
                // In its place: asking for what is there already is no new wish.
                match present {
                    Some(present) => *present = exposure.clone(),
                    None => next.exposures.push(exposure.clone()),
                }
                next.stack.retired_accepted |= accept_retired;
            }
            Self::Hide { exposure, .. } => next.exposures.retain(|other| other.name != exposure.name),
            Self::Reconcile => {}
        }
        Ok(next)
    }

    fn component(
        &self,
        component: StackComponent,
        act: &ComponentAct,
        next: &mut Desired,
    ) -> Result<(), Problem> {
        match act {
            ComponentAct::Install { pin } => {
                next.stack.components.insert(component, pin.clone());
                if let Some(problem) = next.stack.problems().into_iter().next() {
                    return Err(problem);
                }
            }
            ComponentAct::Repair => {}
            ComponentAct::Remove => {
                if let Some(user) = next.user_of(component) {
                    return Err(Problem::new(Code::ComponentInUse)
                        .arg("component", component.name())
                        .arg("user", user));
                }
                next.stack.components.remove(&component);
                match component {
                    StackComponent::CertManager => next.stack.acme = None,
                    StackComponent::Cloudflared => next.stack.tunnel = None,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

impl Desired {
    /// Who would stop working without the component.
    fn user_of(&self, component: StackComponent) -> Option<String> {
        let exposed = |needs: &dyn Fn(&Exposure) -> bool| {
            self.exposures
                .iter()
                .find(|exposure| needs(exposure))
                .map(|exposure| exposure.hostname.to_string())
        };
        match component {
            _ if component == self.ingress().component() => {
                Some(exposed(&|_| true).unwrap_or_else(|| self.cluster_name().to_owned()))
            }
            StackComponent::Cloudflared => exposed(&|exposure| exposure.reach == Reach::Public),
            StackComponent::CertManager => {
                exposed(&|exposure| exposure.certificate(self.stack.issuer()).is_some())
            }
            StackComponent::SealedSecrets => (self.stack.acme.is_some()
                && self.stack.components.contains_key(&StackComponent::CertManager))
            .then(|| StackComponent::CertManager.name().to_owned()),
            StackComponent::IngressNginx | StackComponent::Traefik | StackComponent::Gatus => None,
        }
    }
}

/// The steps of a change, judged against what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub change: Change,
    /// The revision of `Desired` that it starts from.
    pub base: i64,
    pub observed_at: i64,
    pub steps: Vec<PlannedStep>,
    /// What preflight found per machine, the hindrances among it included.
    pub findings: Findings,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    #[serde(flatten)]
    pub step: Step,
    pub verdict: Verdict,
}

impl Plan {
    pub fn judged(
        change: Change,
        base: i64,
        steps: Vec<Step>,
        findings: Findings,
        observed: &Observed,
    ) -> Self {
        let steps =
            steps.into_iter().map(|step| PlannedStep { verdict: step.verdict(observed), step }).collect();
        Self { change, base, observed_at: observed.at, steps, findings }
    }

    /// The steps that are still to be done.
    pub fn needed(&self) -> impl Iterator<Item = &PlannedStep> {
        self.steps.iter().filter(|planned| planned.verdict != Verdict::Yes)
    }

    /// The first reason why this plan cannot be applied. A joining machine that does not answer is none: its own
    /// steps fail with that reason, and the others need not wait for it.
    pub fn hindrance(&self) -> Option<Problem> {
        let stops = self.findings.iter().find_map(|(machine, findings)| {
            // The memory cgroup is switched on by a step of this very plan.
            let mended = |finding: &Finding| {
                finding.check == CheckCode::CgroupMemoryOff
                    && self.steps.iter().any(|planned| planned.step.id == format!("{machine}/cgroup"))
            };
            findings.iter().find(|finding| finding.severity == Severity::Stop && !mended(finding)).map(
                |finding| {
                    Problem::new(Code::MachineUnfit).arg("machine", machine).arg("check", word(finding.check))
                },
            )
        });
        stops.or_else(|| {
            self.steps.iter().find_map(|planned| match &planned.verdict {
                Verdict::Blocked { problem } if !(problem.is_silence() && self.joins(&planned.step)) => {
                    Some(problem.clone())
                }
                _ => None,
            })
        })
    }

    /// Whether the step is on a machine that joins others, which do without it.
    fn joins(&self, step: &Step) -> bool {
        let Change::BuildCluster { document } = &self.change else { return false };
        step.machine.is_some() && step.machine.as_ref() != document.first_server().map(|first| &first.name)
    }
}

/// The check's name as it travels.
fn word(check: CheckCode) -> String {
    serde_json::to_value(check).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::App;
    use crate::exposure::Backend;
    use serde_json::json;

    fn expose(name: &str, hostname: &str, backend: &Backend) -> Change {
        let exposure = json!({"name": name, "hostname": hostname, "reach": "lan", "backend": backend});
        let exposure = serde_json::from_value(exposure).unwrap();
        Change::Expose { exposure, adopt: false, accept_retired: false }
    }

    #[test]
    fn a_service_is_changed_in_its_place_and_takes_no_others_name() {
        let web = |port| Backend::Service { namespace: "default".into(), name: "web".into(), port };
        let document = "{version: 1, name: home, k3s: {version: v1.34.4+k3s1}, \
             machines: [{name: a, address: 192.168.1.2, role: server}]}";
        let cluster = Some(crate::cluster::parse(document).unwrap());
        let home = Desired { cluster, ..Desired::default() };
        let first = expose("web", "web.example.test", &web(80)).apply(&home).unwrap();
        let second = expose("wiki", "wiki.example.test", &web(81)).apply(&first).unwrap();
        let again = expose("web", "www.example.test", &web(8080)).apply(&second).unwrap();
        let names = |desired: &Desired| {
            desired.exposures.iter().map(|it| it.hostname.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&again), ["www.example.test", "wiki.example.test"]);

        let other = Backend::App { app: App::Grafana };
        let refused = |change: Change| change.apply(&again).unwrap_err().code;
        assert_eq!(refused(expose("web", "web.example.test", &other)), Code::ServiceNameTaken);
        assert_eq!(refused(expose("grafana", "wiki.example.test", &other)), Code::HostnameTaken);
    }
}
