//! Predicates on names and the ways to them: tunnel, routes, Access, records, certificates, tried paths.

use super::{DiffLine, Phrase, RecordTarget, RecordWish, Sign, Verdict, add, line, no_if, waiting};
use crate::access::app_name;
use crate::certificate::LinkState;
use crate::dns::{Hostname, NameWish, NewRecord, Proxy, RecordWrites, lan_records, tunnel_record};
use crate::observed::{HttpAnswer, NameRecords, Observed, Seen, TlsAnswer};
use crate::problem::{Code, Problem};
use crate::stack::IngressController;
use crate::tunnel::{RouteWish, merged, only_ours, service_of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

pub(super) fn tunnel(observed: &Observed, name: &str) -> Verdict {
    match observed.tunnel_ids.get(name) {
        Some(Seen::Seen { value: Some(_), .. }) => Verdict::Yes,
        Some(Seen::Unseen { why }) => Verdict::Blocked { problem: why.clone() },
        _ => add(Phrase::Tunnel.of(&[("tunnel", &name)])),
    }
}

pub(super) fn tunnel_gone(observed: &Observed, name: &str) -> Verdict {
    match observed.tunnels.get(name) {
        Some(Seen::Unseen { why }) => Verdict::Blocked { problem: why.clone() },
        // Somebody else's hostnames hang on it: it is theirs to end.
        Some(Seen::Seen { value: Some(tunnel), .. }) if only_ours(&tunnel.config) => {
            Verdict::No { diff: vec![line(Sign::Remove, Phrase::Tunnel.of(&[("tunnel", &name)]))] }
        }
        _ => Verdict::Yes,
    }
}

pub(super) fn routes(observed: &Observed, tunnel: &str, wishes: &[RouteWish]) -> Verdict {
    let config = match observed.tunnels.get(tunnel) {
        Some(Seen::Unseen { why }) => return Verdict::Blocked { problem: why.clone() },
        Some(Seen::Seen { value: Some(tunnel), .. }) => &tunnel.config,
        // No tunnel, no route: nothing to remove, and all to do.
        _ => &Value::Null,
    };
    let mut diff = Vec::new();
    for RouteWish { hostname, route, adopt } in wishes {
        match merged(config, hostname, route.as_ref(), *adopt) {
            Ok(None) => {}
            Ok(Some(_)) => diff.push(match (service_of(config, hostname), route) {
                (Some(before), Some(route)) if before != route.service => {
                    line(Sign::Change, format!("{hostname}: {before} -> {}", route.service))
                }
                (Some(_), Some(_)) => line(Sign::Change, Phrase::RouteRule.of(&[("hostname", hostname)])),
                (None, Some(route)) => line(Sign::Add, format!("{hostname} -> {}", route.service)),
                (before, None) => line(Sign::Remove, format!("{hostname} -> {}", before.unwrap_or_default())),
            }),
            Err(problem) => return Verdict::Blocked { problem },
        }
    }
    no_if(!diff.is_empty(), || diff)
}

pub(super) fn access(observed: &Observed, hostname: &Hostname, emails: &[String], cluster: &str) -> Verdict {
    let name = app_name(hostname, cluster);
    let state = match observed.access.get(hostname.as_str()) {
        Some(Seen::Seen { value, .. }) => Some(value),
        // Where nothing is to be there, nothing has to be seen: Access is optional, and so is the permission for it.
        Some(Seen::Unseen { why })
            if emails.is_empty() && matches!(why.code, Code::AccessNotSetUp | Code::CloudflareScope) =>
        {
            None
        }
        Some(Seen::Unseen { why }) => return Verdict::Blocked { problem: why.clone() },
        None => None,
    };
    let strays = state.map(|state| state.strays(hostname, cluster)).unwrap_or_default();
    let application = || Phrase::AccessApplication.of(&[("name", &name)]);
    let left_over = || vec![line(Sign::Remove, Phrase::AccessPolicyUnused.of(&[("name", &name)]))];
    match state.and_then(|state| state.app.as_ref()) {
        Some(app) if !app.is_ours(hostname, cluster) => match emails.is_empty() {
            true => no_if(!strays.is_empty(), left_over),
            false => Verdict::Blocked {
                problem: Problem::new(Code::AccessConflict).arg("hostname", hostname).arg("app", &app.name),
            },
        },
        Some(_) if emails.is_empty() => Verdict::No { diff: vec![line(Sign::Remove, application())] },
        Some(app) if app.lets_in(emails) => no_if(!strays.is_empty(), left_over),
        Some(app) => {
            let come = emails.iter().filter(|email| !app.emails.contains(email));
            let gone = app.emails.iter().filter(|email| !emails.contains(email));
            let come = come.map(|email| line(Sign::Add, format!("{name}: {email}")));
            let gone = gone.map(|email| line(Sign::Remove, format!("{name}: {email}")));
            let mut diff: Vec<DiffLine> = come.chain(gone).collect();
            if diff.is_empty() {
                diff.push(line(Sign::Change, Phrase::AccessOnlyThese.of(&[("name", &name)])));
            }
            Verdict::No { diff }
        }
        None if emails.is_empty() => no_if(!strays.is_empty(), left_over),
        None => {
            let lets_in = emails.iter().map(|email| Phrase::AccessLetsIn.of(&[("email", email)]));
            let lets_in = lets_in.map(|words| line(Sign::Add, words));
            let head = line(Sign::Add, application());
            Verdict::No { diff: std::iter::once(head).chain(lets_in).collect() }
        }
    }
}

pub(super) fn records(observed: &Observed, names: &[RecordWish], cluster: &str) -> Verdict {
    let mut diff = Vec::new();
    for wish in names {
        match records_of(observed, wish) {
            Ok(None) => diff.extend(wish_lines(wish)),
            Ok(Some((found, records))) => {
                let wish = NameWish { hostname: wish.hostname.clone(), records, adopt: wish.adopt };
                match crate::dns::writes(&wish, &found.records, cluster) {
                    Ok(writes) => diff.extend(write_lines(&writes)),
                    Err(problem) => return Verdict::Blocked { problem },
                }
            }
            Err(problem) => return Verdict::Blocked { problem },
        }
    }
    no_if(!diff.is_empty(), || diff)
}

pub(super) fn writes_by_zone(
    observed: &Observed,
    names: &[RecordWish],
    cluster: &str,
) -> Result<Vec<(String, RecordWrites)>, Problem> {
    let mut zones: BTreeMap<String, RecordWrites> = BTreeMap::new();
    for wish in names {
        let Some((found, records)) = records_of(observed, wish)? else {
            let name = match &wish.target {
                RecordTarget::Tunnel { name } => name.as_str(),
                RecordTarget::Lan { .. } | RecordTarget::Nothing => "",
            };
            return Err(Problem::new(Code::TunnelMissing).arg("tunnel", name));
        };
        let wish = NameWish { hostname: wish.hostname.clone(), records, adopt: wish.adopt };
        let writes = crate::dns::writes(&wish, &found.records, cluster)?;
        zones.entry(found.zone_id.clone()).or_default().extend(writes);
    }
    zones.retain(|_, writes| !writes.is_empty());
    Ok(zones.into_iter().collect())
}

/// The records that a name has and those it should have; `None` while that cannot be told yet.
fn records_of<'a>(
    observed: &'a Observed,
    wish: &RecordWish,
) -> Result<Option<(&'a NameRecords, Vec<NewRecord>)>, Problem> {
    let wanted = match &wish.target {
        RecordTarget::Lan { addresses } => lan_records(&wish.hostname, addresses),
        RecordTarget::Nothing => Vec::new(),
        RecordTarget::Tunnel { name } => match observed.tunnel_id(name) {
            Some(tunnel) => vec![tunnel_record(&wish.hostname, &tunnel.id)],
            None => return Ok(None),
        },
    };
    match observed.records.get(wish.hostname.as_str()) {
        Some(Seen::Seen { value, .. }) => Ok(Some((value, wanted))),
        Some(Seen::Unseen { why }) => Err(why.clone()),
        None => Ok(None),
    }
}

fn wish_lines(wish: &RecordWish) -> Vec<DiffLine> {
    match &wish.target {
        RecordTarget::Lan { addresses } => {
            lan_records(&wish.hostname, addresses).iter().map(create_line).collect()
        }
        RecordTarget::Tunnel { name } => {
            let words = Phrase::RecordToTunnel.of(&[("hostname", &wish.hostname), ("tunnel", name)]);
            vec![line(Sign::Add, words)]
        }
        RecordTarget::Nothing => Vec::new(),
    }
}

fn create_line(record: &NewRecord) -> DiffLine {
    let phrase = if record.proxy == Proxy::Proxied { Phrase::RecordProxied } else { Phrase::RecordDnsOnly };
    let args: [(&str, &dyn ToString); 3] =
        [("type", &record.kind), ("hostname", &record.name), ("content", &record.content)];
    line(Sign::Add, phrase.of(&args))
}

fn write_lines(writes: &RecordWrites) -> Vec<DiffLine> {
    let deletes =
        writes.deletes.iter().map(|r| line(Sign::Remove, format!("{} {} -> {}", r.kind, r.name, r.content)));
    deletes.chain(writes.creates.iter().map(create_line)).collect()
}

pub(super) fn certificate(observed: &Observed, namespace: &str, name: &str) -> Verdict {
    let key = format!("{namespace}/{name}");
    match observed.certificates.get(&key) {
        Some(Seen::Unseen { why }) => Verdict::Blocked { problem: why.clone() },
        Some(Seen::Seen { value, .. }) if value.ready => Verdict::Yes,
        Some(Seen::Seen { value, .. }) => match value.culprit() {
            // cert-manager tries again by itself, after an hour: nobody should sit and wait for that.
            Some(link) if link.state == LinkState::Failed && link.kind != "Challenge" => Verdict::Blocked {
                problem: value.problem().unwrap_or_else(|| Problem::new(Code::CertificateFailed)),
            },
            Some(link) => waiting(format!("{} {}: {} {}", link.kind, link.name, link.reason, link.message)),
            None => add(format!("Certificate {key}")),
        },
        None => add(format!("Certificate {key}")),
    }
}

pub(super) fn controller(
    observed: &Observed,
    controller: IngressController,
    hostnames: &[Hostname],
    addresses: &[IpAddr],
) -> Verdict {
    let name = controller.component().name();
    let Some(tried) = observed.controllers.get(name).and_then(Seen::value) else {
        return waiting(Phrase::ControllerUntried.of(&[("controller", &name)]));
    };
    let silent = hostnames.iter().flat_map(|hostname| {
        let answered =
            |address: &&IpAddr| !tried.get(&(hostname.to_string(), **address)).is_some_and(answers);
        addresses.iter().filter(answered).map(move |address| {
            let args: [(&str, &dyn ToString); 3] =
                [("hostname", hostname), ("controller", &name), ("address", address)];
            line(Sign::Change, Phrase::ControllerSilent.of(&args))
        })
    });
    let diff: Vec<DiffLine> = silent.collect();
    no_if(!diff.is_empty(), || diff)
}

/// Why the name does not lead to all of these yet.
pub(super) fn resolves(observed: &Observed, hostname: &Hostname, addresses: &[IpAddr]) -> Option<Verdict> {
    let path = observed.lan_paths.get(hostname.as_str()).and_then(Seen::value)?;
    let Some(found) = path.answers.authoritative() else {
        return Some(waiting(Phrase::Unresolved.of(&[("hostname", hostname)])));
    };
    let missing = addresses.iter().find(|address| !found.contains(address))?;
    Some(waiting(Phrase::UnresolvedTo.of(&[("hostname", hostname), ("address", missing)])))
}

pub(super) fn lan_path(
    observed: &Observed,
    hostname: &Hostname,
    addresses: &[IpAddr],
    tls: bool,
    passthrough: bool,
) -> Verdict {
    let Some(path) = observed.lan_paths.get(hostname.as_str()).and_then(Seen::value) else {
        return waiting(Phrase::LanUntried.of(&[("hostname", hostname)]));
    };
    // A service that speaks TLS itself shows what it likes, as long as it is not what the controller shows for it.
    let fits = |shown: &TlsAnswer| if passthrough { !shown.is_placeholder() } else { shown.is_for(hostname) };
    let mut diff = Vec::new();
    for address in addresses {
        let at: [(&str, &dyn ToString); 2] = [("hostname", hostname), ("address", address)];
        let say = |phrase: Phrase, name: &str, value: String| phrase.of(&[at[0], at[1], (name, &value)]);
        let words = if !passthrough && !path.http.get(address).is_some_and(answers) {
            Some(Phrase::LanSilent.of(&at))
        } else if tls {
            match path.tls.get(address) {
                Some(Ok(shown)) if fits(shown) => None,
                Some(Ok(shown)) => Some(say(Phrase::CertificateOfOthers, "names", shown.names.join(" and "))),
                Some(Err(problem)) => Some(say(Phrase::CertificateUnread, "why", problem.reason())),
                None => Some(Phrase::CertificateNotShown.of(&at)),
            }
        } else {
            None
        };
        diff.extend(words.map(|words| line(Sign::Change, words)));
    }
    no_if(!diff.is_empty(), || diff)
}

pub(super) fn public_path(observed: &Observed, hostname: &Hostname, access: bool) -> Verdict {
    let say = |phrase: Phrase| waiting(phrase.of(&[("hostname", hostname)]));
    let Some(path) = observed.public_paths.get(hostname.as_str()).and_then(Seen::value) else {
        return say(Phrase::EdgeUntried);
    };
    if path.answers.authoritative().unwrap_or_default().is_empty() {
        return say(Phrase::Unresolved);
    }
    match &path.http {
        Err(_) => say(Phrase::EdgeSilent),
        Ok(answer) if !access && loops(answer, hostname) => say(Phrase::RedirectsToItself),
        Ok(answer) if is_access(answer) == access && (access || answers(&path.http)) => Verdict::Yes,
        // It must not be open: whoever asked for Access would not want to wait and see.
        Ok(answer) if access && answer.status < 400 => say(Phrase::LoginNotAsked),
        Ok(answer) => waiting(Phrase::EdgeAnswers.of(&[("hostname", hostname), ("status", &answer.status)])),
    }
}

/// A name that redirects to itself: what an Ingress says that its controller has not read anew yet, or for good.
pub(super) fn redirect_loop(observed: &Observed, hostname: &Hostname) -> Option<Problem> {
    let path = observed.public_paths.get(hostname.as_str()).and_then(Seen::value)?;
    let looping = path.http.as_ref().is_ok_and(|answer| loops(answer, hostname));
    looping.then(|| Problem::new(Code::RedirectLoop).arg("hostname", hostname))
}

/// Cloudflare sends who is not logged in to the team's own login page.
fn is_access(answer: &HttpAnswer) -> bool {
    answer.status == 302 && answer.location.as_deref().is_some_and(|to| to.contains("/cdn-cgi/access/login"))
}

/// A redirect to the very page that was asked for, over HTTPS as Cloudflare already does.
fn loops(answer: &HttpAnswer, hostname: &Hostname) -> bool {
    matches!(answer.status, 301 | 302 | 307 | 308)
        && answer
            .location
            .as_deref()
            .is_some_and(|to| to.trim_end_matches('/') == format!("https://{hostname}"))
}

/// An app that asks for a login, or for another method, is there; a controller that knows no such name says 404.
fn answers(got: &Result<HttpAnswer, Problem>) -> bool {
    matches!(got, Ok(answer) if answer.status < 400 || matches!(answer.status, 401 | 403 | 405))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Answers;
    use crate::observed::PublicPath;

    #[test]
    fn a_name_that_redirects_to_itself_may_be_one_that_its_controller_still_reads() {
        let hostname = Hostname::parse("echo.example.test").unwrap();
        let seen = |status, location: Option<&str>| {
            let http = Ok(HttpAnswer { status, millis: 1, location: location.map(str::to_owned) });
            let named = || Ok(vec!["192.0.2.1".parse().unwrap()]);
            let answers = Answers { authoritative: named(), public: named(), system: named() };
            let mut observed = Observed::default();
            let path = Seen::Seen { value: PublicPath { answers, http }, at: 0 };
            observed.public_paths.insert(hostname.to_string(), path);
            observed
        };
        let looping = seen(308, Some("https://echo.example.test/"));
        assert!(matches!(public_path(&looping, &hostname, false), Verdict::No { .. }));
        assert_eq!(redirect_loop(&looping, &hostname).unwrap().code, Code::RedirectLoop);
        let elsewhere = seen(302, Some("https://echo.example.test/login"));
        assert_eq!(public_path(&elsewhere, &hostname, false), Verdict::Yes);
        assert_eq!(redirect_loop(&elsewhere, &hostname), None);
    }
}
