//! What a configuration must look like, as cloudflared's own validator has it, in its words.
//!
//! The order of the checks is its order, too, since the first complaint is the only one. Go's way of reading addresses
//! is followed as far as people get addresses wrong; regular expressions are this crate's, whose texts differ.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// What cloudflared reads; what it does not know it ignores.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    ingress: Vec<Rule>,
    origin_request: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    hostname: String,
    path: String,
    service: String,
    origin_request: Value,
}

type Is = fn(&Value) -> bool;

/// The settings towards an origin, by type. Durations are whole seconds.
const ORIGIN: [(Is, &str, &[&str]); 3] = [
    (
        Value::is_i64,
        "a whole number",
        &["connectTimeout", "tlsTimeout", "tcpKeepAlive", "keepAliveTimeout", "keepAliveConnections"],
    ),
    (
        Value::is_boolean,
        "true or false",
        &["noHappyEyeballs", "matchSNItoHost", "noTLSVerify", "disableChunkedEncoding", "http2Origin"],
    ),
    (Value::is_string, "text", &["httpHostHeader", "originServerName", "caPool", "proxyType"]),
];

/// The texts for values of the wrong type are not documented.
pub(super) fn check(config: &Value) -> Result<(), String> {
    let config = match config {
        Value::Null => Config::default(),
        Value::Object(_) => Config::deserialize(config).map_err(|error| error.to_string())?,
        _ => return Err("the configuration must be an object".to_owned()),
    };
    let requests = config.ingress.iter().map(|rule| &rule.origin_request);
    for request in requests.chain([&config.origin_request]) {
        for (is, kind, keys) in ORIGIN {
            let wrong = |key: &&&str| !request[**key].is_null() && !is(&request[**key]);
            if let Some(key) = keys.iter().find(wrong) {
                return Err(format!("originRequest.{key} must be {kind}"));
            }
        }
    }
    validate(&config.ingress).map_err(|text| format!("Validation failed: {text}"))
}

fn validate(rules: &[Rule]) -> Result<(), String> {
    if rules.is_empty() {
        return Err("The config file doesn't contain any ingress rules".to_owned());
    }
    for (at, rule) in rules.iter().enumerate() {
        check_service(&rule.service)?;
        let access = &rule.origin_request["access"];
        let tags = access["audTag"].as_array().is_some_and(|tags| !tags.is_empty());
        if access["required"] == true && access["teamName"].as_str().unwrap_or_default().is_empty() && tags {
            return Err("access.TeamName cannot be blank when access.audTags are present".to_owned());
        }
        check_hostname(rule, at, at + 1 == rules.len())?;
        if let Err(error) = Regex::new(&rule.path) {
            return Err(format!("Rule #{} has an invalid regex: error parsing regexp: {error}", at + 1));
        }
    }
    Ok(())
}

fn check_hostname(rule: &Rule, at: usize, last: bool) -> Result<(), String> {
    let host = rule.hostname.as_str();
    if host.matches(':').count() == 1 || host.contains("]:") {
        return Err("Hostname cannot contain a port".to_owned());
    }
    if host.rfind('*').is_some_and(|star| star > 0) {
        return Err(
            "Hostname patterns can have at most one wildcard character (\"*\") and it can only be used for \
                    subdomains, e.g. \"*.example.com\""
                .to_owned(),
        );
    }
    let catches_all = matches!(host, "" | "*") && rule.path.is_empty();
    match (last, catches_all) {
        (true, false) => {
            Err("The last ingress rule must match all URLs (i.e. it should not have a hostname or path \
                              filter)"
                .to_owned())
        }
        (false, true) => Err(format!(
            "Rule #{} is matching the hostname '{host}', but this will match every hostname, meaning the rules which \
             follow it will never be triggered.",
            at + 1
        )),
        _ => Ok(()),
    }
}

fn check_service(service: &str) -> Result<(), String> {
    if let Some(status) = service.strip_prefix("http_status:") {
        return match status.parse::<i64>() {
            Ok(100..=999) => Ok(()),
            Ok(status) => Err(format!("invalid HTTP status code: {status}")),
            Err(_) => {
                Err(format!("invalid HTTP status code: strconv.Atoi: parsing {status:?}: invalid syntax"))
            }
        };
    }
    let by_name = ["hello_world", "hello-world", "bastion", "socks-proxy"];
    if by_name.contains(&service) || service.starts_with("unix:") || service.starts_with("unix+tls:") {
        return Ok(());
    }
    let scheme = service.split(':').next().unwrap_or_default();
    if service.contains(':') && !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let cause = if scheme.is_empty() {
            "missing protocol scheme"
        } else {
            "first path segment in URL cannot contain colon"
        };
        return Err(format!("parse {service:?}: {cause}"));
    }
    let (_, rest) = service.split_once("://").unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = host.rsplit_once(':').filter(|_| !host.ends_with(']')).unwrap_or((host, ""));
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("parse {service:?}: invalid port \":{port}\" after host"));
    }
    if name.is_empty() {
        return Err(format!(
            "{service} is an invalid address, please make sure it has a scheme and a hostname"
        ));
    }
    if path.starts_with('/') {
        return Err(format!(
            "{service} is an invalid address, ingress rules don't support proxying to a different path on the origin \
             service. The path will be the same as the eyeball request's path"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(config: Value) -> String {
        check(&config).err().unwrap_or_default()
    }

    fn service(service: &str) -> String {
        refusal(json!({"ingress": [{"service": service}]}))
    }

    #[test]
    fn services_are_read_as_cloudflared_reads_them() {
        for good in [
            "http_status:404",
            "hello_world",
            "bastion",
            "unix:/run/app.sock",
            "unix+tls:/run/app.sock",
            "http://localhost:8080",
            "https://echo.apps.svc.cluster.local:443",
            "ssh://192.168.1.5:22",
            "http://[::1]:8080",
        ] {
            assert_eq!(service(good), "", "{good}");
        }
        for (bad, text) in [
            ("", "scheme and a hostname"),
            ("localhost", "scheme and a hostname"),
            ("localhost:8080", "scheme and a hostname"),
            ("192.168.1.5:80", "first path segment in URL cannot contain colon"),
            ("http://", "scheme and a hostname"),
            ("http://app:x", "invalid port \":x\" after host"),
            ("http://app/", "different path on the origin service"),
            ("http://app/admin", "different path on the origin service"),
            ("http_status:99", "invalid HTTP status code: 99"),
            ("http_status:ok", "strconv.Atoi: parsing \"ok\""),
        ] {
            let said = service(bad);
            assert!(said.starts_with("Validation failed: ") && said.contains(text), "{bad}: {said}");
        }
    }

    #[test]
    fn the_last_rule_and_only_the_last_rule_catches_all() {
        let all = || json!({"service": "http_status:404"});
        let one = |host: &str| json!({"hostname": host, "service": "http://app"});
        let with = |first: Value| json!({"ingress": [first, all()]});
        assert_eq!(refusal(with(one("a.example.test"))), "");
        assert_eq!(refusal(with(one("*.example.test"))), "");
        for (config, text) in [
            (Value::Null, "doesn't contain any ingress rules"),
            (json!({"ingress": []}), "doesn't contain any ingress rules"),
            (json!([[all()]]), "must be an object"),
            (json!({"ingress": [one("a.example.test")]}), "The last ingress rule must match all URLs"),
            (with(one("")), "Rule #1 is matching the hostname ''"),
            (with(one("*")), "Rule #1 is matching the hostname '*'"),
            (with(one("a.*.test")), "at most one wildcard character"),
            (with(one("a.example.test:80")), "Hostname cannot contain a port"),
            (with(json!({"path": "(", "service": "http://app"})), "Rule #1 has an invalid regex"),
            (
                with(json!({"service": "http://app", "originRequest": {"connectTimeout": "30s"}})),
                "must be a whole number",
            ),
            (
                with(json!({"hostname": "a", "service": "http://app",
                            "originRequest": {"access": {"required": true, "audTag": ["x"]}}})),
                "access.TeamName cannot be blank",
            ),
        ] {
            let said = refusal(config.clone());
            assert!(said.contains(text), "{config}: {said}");
        }
    }
}
