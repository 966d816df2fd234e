//! A tunnel's remote configuration: the ordered rules that say which hostname leads to which origin.
//!
//! The configuration belongs to everybody who uses the tunnel. Only the rule of one hostname is ever changed;
//! foreign rules, their order, their options and the catch-all stay as they are, as do fields that are not known
//! here. That is why the configuration stays plain JSON. Rules match from the top, the first one wins.

use crate::dns::Hostname;
use crate::problem::{Code, Problem};
use crate::stack::IngressController;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which tunnel a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TunnelId {
    pub id: String,
    pub account_id: String,
}

/// A live tunnel with its remote configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    pub id: TunnelId,
    /// Counts the writes of the configuration.
    pub version: i64,
    /// `null` before the first write.
    pub config: Value,
}

/// How Cloudflare sees a tunnel's connections. It says nothing about the origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TunnelState {
    /// `inactive`, `healthy`, `degraded` or `down`.
    pub status: String,
    /// How many cloudflared processes are connected.
    pub connectors: usize,
}

/// What one hostname's rule should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteWish {
    pub hostname: Hostname,
    /// `None`: no rule.
    pub route: Option<Route>,
    /// A rule of somebody else's may be replaced.
    pub adopt: bool,
}

/// Where a hostname's requests go, seen from inside the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub hostname: Hostname,
    /// `http://…:80`, or `https://…:443` where the service speaks TLS itself.
    pub service: String,
    pub passthrough: bool,
}

impl Route {
    /// HTTP to the controller: sent as HTTPS it would be redirected for ever. A passthrough service gets its TLS
    /// with the name that the visitor asked for; its certificate is its own and nobody else's to verify.
    pub fn to(hostname: &Hostname, controller: IngressController, passthrough: bool) -> Self {
        let host = controller.service_host();
        let service = if passthrough { format!("https://{host}:443") } else { format!("http://{host}:80") };
        Self { hostname: hostname.clone(), service, passthrough }
    }

    fn rule(&self) -> Value {
        let mut rule = json!({"hostname": self.hostname.as_str(), "service": self.service});
        if self.passthrough {
            rule["originRequest"] = json!({"matchSNItoHost": true, "noTLSVerify": true});
        }
        rule
    }
}

/// The rules of a configuration.
fn rules(config: &Value) -> &[Value] {
    config["ingress"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn hostname(rule: &Value) -> &str {
    rule["hostname"].as_str().unwrap_or_default()
}

/// Whether the rule is the hostname's own and for all of its paths.
fn is_for(rule: &Value, name: &Hostname) -> bool {
    let path = rule["path"].as_str().unwrap_or_default();
    hostname(rule).eq_ignore_ascii_case(name.as_str()) && path.is_empty()
}

/// Rules carry no mark of their owner. Ours are those that lead to an ingress controller as Portico writes it.
fn is_ours(rule: &Value) -> bool {
    let service = rule["service"].as_str().unwrap_or_default();
    IngressController::ALL.iter().any(|controller| {
        let host = controller.service_host();
        service == format!("http://{host}:80") || service == format!("https://{host}:443")
    })
}

/// Whether every rule is ours or the catch-all: then nobody else needs the tunnel.
pub fn only_ours(config: &Value) -> bool {
    rules(config).iter().all(|rule| hostname(rule).is_empty() || is_ours(rule))
}

/// The service that the hostname's own rule leads to.
pub fn service_of<'a>(config: &'a Value, name: &Hostname) -> Option<&'a str> {
    rules(config).iter().find(|rule| is_for(rule, name)).and_then(|rule| rule["service"].as_str())
}

/// The configuration in which `name` leads to `wanted`, or has no rule where nothing is wanted; `None` when the
/// present one is so already.
///
/// # Errors
/// [`Code::RouteConflict`]: the hostname has a rule of somebody else's, and it was not adopted.
pub fn merged(
    config: &Value,
    name: &Hostname,
    wanted: Option<&Route>,
    adopt: bool,
) -> Result<Option<Value>, Problem> {
    let mut next = if config.is_object() { config.clone() } else { json!({}) };
    let mut list = rules(config).to_vec();
    let present = list.iter().position(|rule| is_for(rule, name));
    let foreign = present.is_some_and(|at| !is_ours(&list[at]));
    match (present, wanted) {
        (None, None) => return Ok(None),
        // What is not ours is left; nobody asked for it to go.
        (Some(_), None) if foreign => return Ok(None),
        (Some(at), None) => _ = list.remove(at),
        (Some(at), Some(_)) if foreign && !adopt => {
            let service = list[at]["service"].as_str().unwrap_or_default();
            return Err(Problem::new(Code::RouteConflict).arg("hostname", name).arg("service", service));
        }
        (Some(at), Some(route)) if agrees(&list[at], route) && !is_shadowed(&list, at, name) => {
            return Ok(None);
        }
        (at, Some(route)) => {
            // A rule that the owner gave options of their own keeps them.
            let mut rule = at.map_or_else(|| json!({}), |at| list.remove(at));
            if let (Some(rule), Value::Object(ours)) = (rule.as_object_mut(), route.rule()) {
                rule.extend(ours);
            }
            // Before whatever would catch the name first: a wildcard of the zone, or the catch-all.
            let before = list.iter().position(|rule| catches(rule, name)).unwrap_or(list.len());
            list.insert(before, rule);
        }
    }
    if !list
        .iter()
        .any(|rule| hostname(rule).is_empty() && rule["path"].as_str().unwrap_or_default().is_empty())
    {
        list.push(json!({"service": "http_status:404"}));
    }
    next["ingress"] = Value::Array(list);
    Ok(Some(next))
}

/// The configuration in which every wish holds; `None` when the present one is so already.
///
/// # Errors
/// As [`merged`], of the first wish that meets a rule of somebody else's.
pub fn merged_all(config: &Value, wishes: &[RouteWish]) -> Result<Option<Value>, Problem> {
    let mut next: Option<Value> = None;
    for wish in wishes {
        let base = next.as_ref().unwrap_or(config);
        if let Some(changed) = merged(base, &wish.hostname, wish.route.as_ref(), wish.adopt)? {
            next = Some(changed);
        }
    }
    Ok(next)
}

/// What Portico says about a rule; options that somebody added stay.
fn agrees(rule: &Value, route: &Route) -> bool {
    crate::difference::contains(rule, &route.rule())
}

fn is_shadowed(list: &[Value], at: usize, name: &Hostname) -> bool {
    list[..at].iter().any(|rule| catches(rule, name))
}

/// Whether the rule takes every request for the name.
fn catches(rule: &Value, name: &Hostname) -> bool {
    let pattern = hostname(rule);
    let everything = pattern.is_empty() || pattern == "*" || name.matches(pattern);
    everything && rule["path"].as_str().unwrap_or_default().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Hostname {
        Hostname::parse(text).unwrap()
    }

    fn route(text: &str) -> Route {
        Route::to(&name(text), IngressController::Nginx, false)
    }

    fn set(config: &Value, text: &str) -> Result<Option<Value>, Problem> {
        merged(config, &name(text), Some(&route(text)), false)
    }

    fn hosts(config: &Value) -> Vec<&str> {
        rules(config).iter().map(hostname).collect()
    }

    #[test]
    fn the_first_route_brings_the_catch_all() {
        let config = set(&Value::Null, "echo.example.test").unwrap().unwrap();
        insta::assert_snapshot!(config, @r#"{"ingress":[{"hostname":"echo.example.test","service":"http://ingress-nginx-controller.ingress-nginx.svc.cluster.local:80"},{"service":"http_status:404"}]}"#);
        assert_eq!(set(&config, "echo.example.test").unwrap(), None, "once is enough");
    }

    #[test]
    fn a_route_goes_before_whatever_would_catch_it_and_foreign_ones_stay_in_order() {
        let config = json!({
            "originRequest": {"connectTimeout": 5},
            "ingress": [
                {"hostname": "a.example.test", "service": "http://nas:80", "originRequest": {"noTLSVerify": true}},
                {"hostname": "b.example.test", "path": "^/x", "service": "http://nas:81"},
                {"hostname": "*.example.test", "service": "http://nas:82"},
                {"service": "http_status:503"},
            ],
            "warp-routing": {"enabled": false},
        });
        let next = set(&config, "echo.example.test").unwrap().unwrap();
        assert_eq!(
            hosts(&next),
            ["a.example.test", "b.example.test", "echo.example.test", "*.example.test", ""]
        );
        assert_eq!(next["originRequest"], config["originRequest"]);
        assert_eq!(next["warp-routing"], config["warp-routing"]);
        assert_eq!(next["ingress"][4], config["ingress"][3]);
        let back = merged(&next, &name("echo.example.test"), None, false).unwrap().unwrap();
        assert_eq!(back, config, "removing it leaves what was there");
        assert_eq!(merged(&config, &name("echo.example.test"), None, false).unwrap(), None);
        assert_eq!(
            merged(&config, &name("a.example.test"), None, false).unwrap(),
            None,
            "not ours to remove"
        );
    }

    #[test]
    fn a_rule_of_somebody_elses_is_a_conflict_until_it_is_adopted() {
        let config = json!({"ingress": [
            {"hostname": "echo.example.test", "service": "http://nas:80", "originRequest": {"httpHostHeader": "x"}},
            {"service": "http_status:404"},
        ]});
        let problem = set(&config, "echo.example.test").unwrap_err();
        assert_eq!((problem.code, problem.args["service"].as_str()), (Code::RouteConflict, "http://nas:80"));
        let wanted = route("echo.example.test");
        let next = merged(&config, &name("echo.example.test"), Some(&wanted), true).unwrap().unwrap();
        assert_eq!(service_of(&next, &name("echo.example.test")), Some(wanted.service.as_str()));
        assert_eq!(next["ingress"][0]["originRequest"], json!({"httpHostHeader": "x"}));
    }

    #[test]
    fn a_route_behind_a_wildcard_is_brought_before_it() {
        let ours = route("echo.example.test").rule();
        let config = json!({"ingress": [{"hostname": "*.example.test", "service": "http://nas:80"}, ours,
            {"service": "http_status:404"}]});
        let next = set(&config, "echo.example.test").unwrap().unwrap();
        assert_eq!(hosts(&next), ["echo.example.test", "*.example.test", ""]);
    }

    #[test]
    fn a_passthrough_route_asks_for_the_visitors_name() {
        let route = Route::to(&name("argocd.example.test"), IngressController::Traefik, true);
        insta::assert_snapshot!(route.rule(), @r#"{"hostname":"argocd.example.test","originRequest":{"matchSNItoHost":true,"noTLSVerify":true},"service":"https://traefik.kube-system.svc.cluster.local:443"}"#);
    }

    /// A rule of somebody else's, with or without path, wildcard or plain.
    fn foreign() -> impl Strategy<Value = Value> {
        let host =
            prop_oneof!["[a-d]\\.example\\.test", Just("*.example.test".to_owned()), "[a-d]\\.other\\.test"];
        (host, prop::option::of("\\^/[a-z]"), 1u16..99).prop_map(|(host, path, port)| {
            let mut rule = json!({"hostname": host, "service": format!("http://nas:{port}")});
            if let Some(path) = path {
                rule["path"] = json!(path);
            }
            rule
        })
    }

    proptest! {
        /// Whatever others have in the tunnel: adding and removing names of ours loses none of it, keeps its order,
        /// and each name of ours is what answers for it.
        #[test]
        fn foreign_rules_survive_every_sequence_of_ours(
            theirs in prop::collection::vec(foreign(), 0..6),
            ours in prop::collection::vec((0u8..5, any::<bool>()), 0..12),
        ) {
            let mut list = theirs.clone();
            list.push(json!({"service": "http_status:410"}));
            let mut config = json!({"ingress": list, "x": 1});
            for (n, wanted) in ours {
                let host = name(&format!("our{n}.example.test"));
                let route = Route::to(&host, IngressController::Nginx, false);
                if let Some(next) = merged(&config, &host, wanted.then_some(&route), false).unwrap() {
                    config = next;
                }
                let first = rules(&config).iter().find(|rule| catches(rule, &host)).unwrap();
                prop_assert_eq!(is_ours(first), wanted);
            }
            let left: Vec<Value> = rules(&config).iter().filter(|rule| !is_ours(rule)).cloned().collect();
            prop_assert_eq!(&left[..theirs.len()], &theirs[..]);
            prop_assert_eq!(&left[theirs.len()], &json!({"service": "http_status:410"}));
            prop_assert_eq!(rules(&config).last().unwrap(), &json!({"service": "http_status:410"}));
        }
    }
}
