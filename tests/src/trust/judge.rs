//! The judgement, from what the double wrote down of each record, route and application, and from what stands now.
//!
//! Nothing here asks Portico. Whose a thing is follows from the mark on it as it was before it was changed.

use super::field::{CLUSTER, Field, TUNNEL, meant};
use super::hand::ZONE;
use super::wish::{NAMES, SECOND, Wish, hostnames};
use portico_domain::exposure::{Exposure, Reach, Tls};
use portico_domain::stack::IngressController;
use portico_practice::cloudflare::{Action, Change, Entry, Record, Thing};
use portico_practice::kube::Key;
use serde_json::Value;
use std::collections::BTreeSet;

/// What was found wrong.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    /// What is not ours was changed or deleted.
    pub foreign: Vec<String>,
    /// Ours that is missing, double, or left behind.
    pub records: Vec<String>,
    /// Rules of others that went with a write of ours, and nobody was told.
    pub hostnames: Vec<String>,
    /// The same, and it was told.
    pub told: Vec<String>,
    /// A name was there before the login that was asked for.
    pub open: Vec<String>,
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        [&self.foreign, &self.records, &self.hostnames, &self.open].iter().all(|list| list.is_empty())
    }
}

/// How far the audits were read.
#[derive(Default)]
pub struct Reader {
    records: usize,
    tunnels: usize,
    access: usize,
}

const PORTICO: &str = "portico";

fn mark() -> String {
    format!("managed by portico (cluster {CLUSTER})")
}

fn is_ours(record: &Record) -> bool {
    record.comment.as_deref() == Some(mark().as_str())
}

/// Ours lead to an ingress controller of the cluster.
fn is_our_rule(rule: &Value) -> bool {
    let service = rule["service"].as_str().unwrap_or_default();
    IngressController::ALL.iter().any(|controller| service.contains(controller.service_host()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Reader {
    /// Every change since the last reading. `told` is whether Portico said that it wrote over somebody's routes.
    pub fn read(&mut self, field: &Field, told: bool, findings: &mut Findings) {
        let cloud = &field.practice.cloud;
        let (records, tunnels, access) = (cloud.audit(), cloud.tunnel_audit(), cloud.access_audit());
        let new = records[self.records..].iter().filter(|entry| entry.who == PORTICO);
        new.for_each(|entry| judge_record(entry, findings));
        let new = tunnels[self.tunnels..].iter().filter(|change| change.who == PORTICO);
        new.for_each(|change| judge_tunnel(change, told, findings));
        let new = access[self.access..].iter().filter(|change| change.who == PORTICO);
        new.for_each(|change| judge_access(change, findings));
        (self.records, self.tunnels, self.access) = (records.len(), tunnels.len(), access.len());
        let store = field.store();
        for (key, before) in &field.by_hand {
            let now = store.get(key).map(|object| meant(&object));
            if now.as_ref() != Some(before) {
                findings.foreign.push(format!("{} {}/{}", key.resource, key.namespace, key.name));
            }
        }
    }
}

fn judge_record(entry: &Entry, findings: &mut Findings) {
    let name = |record: &Option<Record>| record.as_ref().map(|r| r.name.clone()).unwrap_or_default();
    if entry.before.as_ref().is_some_and(|before| !is_ours(before)) {
        findings.foreign.push(format!("record {} {:?}", name(&entry.before), entry.action));
    }
    if entry.after.as_ref().is_some_and(|after| !is_ours(after)) {
        findings.records.push(format!("record {} without a mark", name(&entry.after)));
    }
}

fn judge_tunnel(change: &Change, told: bool, findings: &mut Findings) {
    let side = |side: &Option<Value>| side.clone().unwrap_or_default();
    let (before, after) = (side(&change.before), side(&change.after));
    match change.thing {
        Thing::Tunnel => {
            if change.action != Action::Create && text(&before["name"]) != TUNNEL {
                findings.foreign.push(format!("tunnel {}", text(&before["name"])));
            }
        }
        _ => {
            let rules = |side: &Value| side["config"]["ingress"].as_array().cloned().unwrap_or_default();
            // Names of ours are each Portico's own business; the catch-all comes with the first rule.
            let theirs = |side: &Value| -> Vec<Value> {
                let first = rules(&before).is_empty();
                let ours = |rule: &Value| is_our_rule(rule) || first && text(&rule["hostname"]).is_empty();
                rules(side).into_iter().filter(|rule| !ours(rule)).collect()
            };
            let (then, now) = (theirs(&before), theirs(&after));
            if then != now {
                let lost: Vec<&str> =
                    then.iter().filter(|r| !now.contains(r)).map(|r| text(&r["hostname"])).collect();
                let list = if told { &mut findings.told } else { &mut findings.hostnames };
                list.push(format!("{lost:?}"));
            }
            for field in ["originRequest", "warp-routing"] {
                let differs = before["config"][field] != after["config"][field];
                if differs && !before["config"][field].is_null() {
                    findings.foreign.push(format!("the tunnel's {field}"));
                }
            }
        }
    }
}

fn judge_access(change: &Change, findings: &mut Findings) {
    let name = |side: &Option<Value>| side.as_ref().map(|side| text(&side["name"]).to_owned());
    let ours = format!("(portico {CLUSTER})");
    if name(&change.before).is_some_and(|name| !name.ends_with(&ours)) {
        findings.foreign.push(format!("{:?} {:?}", change.thing, name(&change.before)));
    }
}

/// Whether what stands is what was asked for: records, rules, logins, objects.
pub async fn stands(field: &Field, wish: &Wish, second: Option<&Exposure>, findings: &mut Findings) {
    for name in NAMES.iter().chain([&SECOND]) {
        let wanted = if *name == SECOND { second } else { wish.of(name) };
        for host in hostnames(name) {
            let wanted = wanted.filter(|exposure| exposure.hostname.as_str() == host);
            records_stand(field, &host, wanted, findings).await;
            routes_stand(field, wish, &host, wanted, findings).await;
            access_stands(field, &host, wanted, findings).await;
        }
        objects_stand(field, name, wanted, findings);
        if let Some(exposure) = wanted.filter(|exposure| exposure.reach == Reach::Public) {
            visit(field, exposure, findings).await;
        }
    }
}

async fn records_stand(field: &Field, host: &str, wanted: Option<&Exposure>, findings: &mut Findings) {
    let wanted: BTreeSet<String> = match wanted.map(|exposure| exposure.reach) {
        None => BTreeSet::new(),
        Some(Reach::Lan) => field.workers().iter().map(|address| format!("A {address} false")).collect(),
        Some(Reach::Public) => {
            let id = field.hand.config(TUNNEL).await.map(|(id, _)| id).unwrap_or_default();
            [format!("CNAME {id}.cfargotunnel.com true")].into()
        }
    };
    let all = field.practice.cloud.records(ZONE);
    let ours: Vec<String> = all
        .iter()
        .filter(|record| record.name == host && is_ours(record))
        .map(|record| {
            let kind = format!("{:?}", record.kind).to_uppercase();
            format!("{kind} {} {}", record.content, record.proxied)
        })
        .collect();
    let there: BTreeSet<String> = ours.iter().cloned().collect();
    if there != wanted || ours.len() != there.len() {
        findings.records.push(format!("{host}: {ours:?} instead of {wanted:?}"));
    }
}

async fn routes_stand(
    field: &Field,
    wish: &Wish,
    host: &str,
    wanted: Option<&Exposure>,
    findings: &mut Findings,
) {
    let wanted = wanted.filter(|exposure| exposure.reach == Reach::Public);
    let service = |exposure: &Exposure| match exposure.tls {
        Tls::Passthrough => format!("https://{}:443", wish.controller()),
        Tls::Terminated => format!("http://{}:80", wish.controller()),
    };
    let wanted: Vec<String> = wanted.map(service).into_iter().collect();
    let config = field.hand.config(TUNNEL).await.map(|(_, config)| config).unwrap_or_default();
    let rules = config["ingress"].as_array().cloned().unwrap_or_default();
    let found = rules.iter().filter(|rule| text(&rule["hostname"]) == host && is_our_rule(rule));
    let found: Vec<String> = found.map(|rule| text(&rule["service"]).to_owned()).collect();
    if found != wanted {
        findings.records.push(format!("route {host}: {found:?} instead of {wanted:?}"));
    }
}

async fn access_stands(field: &Field, host: &str, wanted: Option<&Exposure>, findings: &mut Findings) {
    let title = format!("{host} (portico {CLUSTER})");
    let wanted = usize::from(wanted.is_some_and(|exposure| !exposure.access.is_empty()));
    let named = |list: &[Value]| list.iter().filter(|item| text(&item["name"]) == title).count();
    let (apps, policies) = (named(&field.hand.apps().await), named(&field.hand.policies().await));
    if (apps, policies) != (wanted, wanted) {
        findings.records.push(format!("{title}: {apps} applications, {policies} policies, not {wanted}"));
    }
}

fn objects_stand(field: &Field, name: &str, wanted: Option<&Exposure>, findings: &mut Findings) {
    let (space, store) = (if name == "vault" { "vault" } else { "apps" }, field.store());
    let there = |resource: &str| store.get(&Key::namespaced(resource, space, name)).is_some();
    let mut kinds = vec!["ingresses.networking.k8s.io"];
    if name != "vault" {
        kinds.extend(["deployments.apps", "services"]);
    }
    for kind in kinds.into_iter().filter(|kind| there(kind) != wanted.is_some()) {
        let what = if wanted.is_some() { "missing" } else { "left behind" };
        findings.records.push(format!("{kind} {space}/{name}: {what}"));
    }
}

/// A visitor at the edge gets the service, or the login.
async fn visit(field: &Field, exposure: &Exposure, findings: &mut Findings) {
    let status = field.hand.visit(&field.practice, exposure.hostname.as_str()).await;
    let wanted = if exposure.access.is_empty() { 200 } else { 302 };
    if status != wanted {
        findings.records.push(format!("{}: HTTP {status} at the edge, not {wanted}", exposure.hostname));
    }
}

/// A name that was nowhere, or on the LAN alone, must not be public before its login is in place.
pub fn login_came_first(field: &Field, exposure: &Exposure, findings: &mut Findings) {
    if exposure.access.is_empty() {
        return;
    }
    let host = exposure.hostname.as_str();
    let cloud = &field.practice.cloud;
    let named = cloud.audit().into_iter().filter(|entry| {
        entry.action == Action::Create
            && entry.after.as_ref().is_some_and(|record| record.name == host && record.proxied)
    });
    let apps = cloud.access_audit().into_iter().filter(|change| {
        change.thing == Thing::AccessApp
            && change.action == Action::Create
            && change.hostnames.iter().any(|name| name == host)
    });
    let (named, protected) = (named.map(|entry| entry.at).min(), apps.map(|change| change.at).min());
    if let Some(named) = named
        && protected.is_none_or(|at| at > named)
    {
        findings.open.push(host.to_owned());
    }
}
