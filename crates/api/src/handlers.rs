//! The bodies of the commands: from the wire to the engine and back.

use crate::Api;
use crate::draft::draft;
use crate::links;
use crate::wire::*;
use portico_domain::change::Plan;
use portico_domain::cluster::{self, Release};
use portico_domain::credential::{CredentialKind, Secret, TokenReport};
use portico_domain::diagnosis::Diagnosis;
use portico_domain::flow::{FlowGraph, Health};
use portico_domain::history::{Latency, Retention, Span};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState};
use portico_domain::situation::{Rehearsal, Situation};
use portico_engine::{ConnectRequest, Engine, ScanRequest};
use std::path::Path;

/// Entries on a page of the timeline, where nothing else is asked for.
const PAGE: u32 = 100;

type Answer<T> = Result<T, Problem>;

impl Api {
    pub async fn status(&self, _: Empty) -> Answer<Status> {
        let desired = self.engine.desired().await?;
        let runs = self.engine.runs().await?;
        let hosts = self.engine.hosts().await?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Status {
            practice: self.practice,
            can_practise: self.can_practise,
            cluster: desired.cluster.as_ref().map(|cluster| ClusterStatus {
                name: cluster.name.clone(),
                k3s_version: match &cluster.k3s.release {
                    Release::Version(version) => version.to_string(),
                    Release::Channel(channel) => channel.clone(),
                },
                machines: count(cluster.machines.len()),
            }),
            machines: count(hosts.iter().filter(|host| host.present).count()),
            services: count(desired.exposures.len()),
            conditions: self.engine.notices().await?,
            running: count(runs.iter().filter(|run| run.state == RunState::Running).count()),
        })
    }

    pub async fn diagnose(&self, request: NameRef) -> Answer<Diagnosis> {
        self.engine.diagnose(&request.hostname).await
    }

    /// Says yes to a link that a browser may be sent to; the shell, which has one at hand, opens it then.
    pub async fn link_open(&self, Link { url }: Link) -> Answer<Empty> {
        let services = self.engine.desired().await?.exposures;
        if links::may_open(&url, services.iter().map(|exposure| exposure.hostname.as_str())) {
            return Ok(Empty {});
        }
        Err(Problem::new(Code::LinkRefused).arg("url", url))
    }

    pub async fn rehearsal(&self, _: Empty) -> Answer<Rehearsal> {
        self.engine.rehearsal().await
    }

    pub async fn bring_about(&self, situation: Situation) -> Answer<Rehearsal> {
        self.engine.bring_about(&situation).await
    }

    /// A single world has no other one beside it.
    pub async fn world_open(&self, _: WorldOpen) -> Answer<Empty> {
        Err(Problem::new(Code::PracticeMissing))
    }

    pub async fn interfaces(&self, _: Empty) -> Answer<Interfaces> {
        Ok(Interfaces { interfaces: portico_engine::interfaces() })
    }

    pub async fn scan_start(&self, request: ScanStart) -> Answer<ScanStarted> {
        let ScanStart { subnets, allow_large, ports } = request;
        let request = ScanRequest { subnets, allow_large, ports };
        Ok(ScanStarted { scan: self.engine.start_scan(request).await? })
    }

    pub async fn scan_cancel(&self, request: ScanStarted) -> Answer<Empty> {
        self.engine.cancel_scan(&request.scan);
        Ok(Empty {})
    }

    pub async fn machines(&self, _: Empty) -> Answer<Machines> {
        Ok(Machines { hosts: self.engine.hosts().await? })
    }

    pub async fn connect(&self, request: Connect) -> Answer<Connected> {
        self.engine
            .connect(ConnectRequest {
                address: request.address,
                port: request.port,
                user: request.user,
                method: request.method,
                password: request.password.map(Secret::new),
                passphrase: request.passphrase.map(Secret::new),
                accept: request.accept,
                remember: request.remember,
            })
            .await
    }

    pub async fn forget_host_key(&self, request: ForgetHostKey) -> Answer<Empty> {
        self.engine.forget_host_key(&request.address, request.port)?;
        Ok(Empty {})
    }

    pub async fn credentials(&self, _: Empty) -> Answer<Credentials> {
        self.engine.credentials().await
    }

    pub async fn login_forget(&self, request: ForgetLogin) -> Answer<LoginForgotten> {
        let logins = self.engine.forget_login(&request.address, request.port).await?;
        Ok(LoginForgotten { logins })
    }

    pub async fn document_draft(&self, request: DraftRequest) -> Answer<Document> {
        let hosts = self.engine.hosts().await?;
        let chosen: Vec<_> = request
            .hosts
            .iter()
            .filter_map(|id| hosts.iter().find(|host| host.id.to_string() == *id))
            .collect();
        Ok(Document { document: draft(&chosen) })
    }

    pub async fn document_read(&self, request: DocumentText) -> Answer<Document> {
        match cluster::parse(&request.yaml) {
            Ok(document) => Ok(Document { document }),
            Err(problems) => {
                Err(problems.into_iter().next().unwrap_or_else(|| Problem::new(Code::DocumentMalformed)))
            }
        }
    }

    pub async fn check(&self, request: Document) -> Answer<Checked> {
        let (findings, unread) = self.engine.check(request.document).await?;
        Ok(Checked { findings, unread })
    }

    pub async fn preview(&self, request: PreviewRequest) -> Answer<PlanView> {
        let (plan, commands) = self.engine.preview_with_commands(request.change).await?;
        let view = view(&plan, commands);
        let mut plans = self.plans.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        plans.insert(view.id.clone(), plan);
        Ok(view)
    }

    pub async fn apply(&self, request: ApplyRequest) -> Answer<Run> {
        let plan = {
            let mut plans = self.plans.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            plans.remove(&request.plan)
        };
        self.engine.apply(plan.ok_or_else(|| Problem::new(Code::PlanStale))?).await
    }

    pub async fn cancel(&self, request: RunRef) -> Answer<Empty> {
        self.engine.cancel(&request.run).await?;
        Ok(Empty {})
    }

    pub async fn resume(&self, request: RunRef) -> Answer<Run> {
        self.engine.resume(&request.run).await
    }

    pub async fn runs(&self, _: Empty) -> Answer<Runs> {
        Ok(Runs { runs: self.engine.runs().await? })
    }

    pub async fn run(&self, request: RunRef) -> Answer<Run> {
        self.engine.run(&request.run).await
    }

    pub async fn services(&self, _: Empty) -> Answer<Services> {
        let desired = self.engine.desired().await?;
        let flow = self.engine.flow().await?;
        let exposed = desired.exposures.iter().map(|exposure| {
            let path = flow.paths.iter().find(|path| path.service == exposure.name);
            ExposedService {
                exposure: exposure.clone(),
                namespace: exposure.namespace().to_owned(),
                notes: path.map(|path| path.notes.clone()).unwrap_or_default(),
                health: path.map_or(Health::Unknown, |path| path.health),
                reason: path.and_then(|path| flow.cause(path)?.reason.clone()),
            }
        });
        let exposed = exposed.collect();
        // Without a cluster there is nothing to choose from; that is an empty list, not an error.
        let found =
            if desired.cluster.is_some() { self.engine.cluster_services().await? } else { Vec::new() };
        let available = found
            .into_iter()
            .map(|(namespace, name, ports)| AvailableService { namespace, name, ports })
            .collect();
        Ok(Services { exposed, available })
    }

    pub async fn zones(&self, _: Empty) -> Answer<Zones> {
        Ok(Zones { zones: self.engine.zones().await? })
    }

    pub async fn token_set(&self, request: SetToken) -> Answer<TokenReport> {
        let kind = token_kind(request.cluster);
        self.engine.set_token(kind, Secret::new(request.token), request.this_run).await
    }

    pub async fn token_report(&self, request: TokenKindRef) -> Answer<TokenReport> {
        self.engine.token_report(token_kind(request.cluster)).await
    }

    pub async fn token_forget(&self, request: TokenKindRef) -> Answer<Empty> {
        self.engine.forget_token(token_kind(request.cluster)).await?;
        Ok(Empty {})
    }

    pub async fn token_link(&self, request: TokenKindRef) -> Answer<Link> {
        Ok(Link { url: portico_engine::token_template(request.cluster) })
    }

    pub async fn stack(&self, _: Empty) -> Answer<StackState> {
        let desired = self.engine.desired().await?;
        Ok(StackState {
            ingress: desired.ingress(),
            components: self.engine.components().await?,
            conditions: self.engine.notices().await?,
            stack: desired.stack,
        })
    }

    pub async fn names(&self, _: Empty) -> Answer<NamesReport> {
        self.engine.names().await
    }

    pub async fn conditions(&self, _: Empty) -> Answer<Conditions> {
        let (conditions, maintenance) = tokio::join!(self.engine.conditions(), self.engine.maintenance());
        Ok(Conditions { conditions: conditions?, maintenance: maintenance? })
    }

    pub async fn hush(&self, request: HushRequest) -> Answer<Conditions> {
        self.engine.hush(&request.id, request.hush).await?;
        self.conditions(Empty {}).await
    }

    pub async fn maintain(&self, request: Maintain) -> Answer<Conditions> {
        self.engine.maintain(&request.subject, request.until).await?;
        self.conditions(Empty {}).await
    }

    pub async fn home(&self, _: Empty) -> Answer<Option<AtHome>> {
        self.engine.at_home().await
    }

    pub async fn authority_save(&self, request: SaveTo) -> Answer<Empty> {
        self.engine.save_authority(Path::new(&request.path)).await?;
        Ok(Empty {})
    }

    pub async fn keys(&self, _: Empty) -> Answer<KeysState> {
        self.engine.keys().await
    }

    pub async fn keys_save(&self, request: KeysFile) -> Answer<KeysState> {
        self.engine.save_keys(Path::new(&request.path), &Secret::new(request.passphrase)).await
    }

    pub async fn keys_restore(&self, request: KeysFile) -> Answer<KeysRestored> {
        let passphrase = Secret::new(request.passphrase);
        let names = self.engine.restore_keys(Path::new(&request.path), &passphrase).await?;
        Ok(KeysRestored { names })
    }

    pub async fn flow(&self, _: Empty) -> Answer<FlowGraph> {
        self.engine.flow().await
    }

    /// The picture that an event told of; no look is taken for it while somebody watches.
    pub async fn flow_told(&self, _: Empty) -> Answer<FlowGraph> {
        Ok(FlowGraph::clone(&*self.engine.flow_told().await?))
    }

    pub async fn history(&self, request: HistoryRequest) -> Answer<Histories> {
        Ok(Histories { histories: self.engine.history(request.of, request.window).await? })
    }

    pub async fn history_export(&self, request: HistoryExport) -> Answer<HistoryRows> {
        let rows = self.engine.history_rows(&request.subject, request.window).await?;
        let rows = rows.into_iter().map(|(Span { from, until }, row)| HistoryRow {
            from,
            until,
            up: row.times.up,
            degraded: row.times.degraded,
            down: row.times.down,
            unknown: until - from - row.times.known(),
            latency: Latency::of(&row.latency),
        });
        Ok(HistoryRows { rows: rows.collect() })
    }

    pub async fn history_storage(&self, _: Empty) -> Answer<HistoryStorage> {
        self.engine.history_storage().await
    }

    pub async fn history_keep(&self, request: Retention) -> Answer<HistoryStorage> {
        self.engine.keep_history(request).await
    }

    pub async fn support(&self, _: Empty) -> Answer<SupportBundle> {
        self.engine.support().await
    }

    pub async fn timeline(&self, request: TimelineRequest) -> Answer<Timeline> {
        let limit = request.limit.unwrap_or(PAGE);
        let (entries, next) = self.engine.timeline(request.window, request.before, limit).await?;
        Ok(Timeline { entries, next })
    }

    /// The engine itself, for the shells that forward its events.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn token_kind(cluster: bool) -> CredentialKind {
    if cluster { CredentialKind::ClusterToken } else { CredentialKind::CloudflareToken }
}

fn view(plan: &Plan, commands: Vec<String>) -> PlanView {
    let steps = plan.steps.iter().zip(commands).map(|(planned, command)| PlanStep {
        id: planned.step.id.clone(),
        stage: planned.step.stage,
        machine: planned.step.machine.clone(),
        needs: planned.step.needs.clone(),
        danger: planned.step.danger(),
        verdict: planned.verdict.clone(),
        command,
    });
    PlanView {
        id: format!("{}-{}", plan.base, plan.observed_at),
        change: plan.change.clone(),
        steps: steps.collect(),
        findings: plan.findings.clone(),
        hindrance: plan.hindrance(),
    }
}
