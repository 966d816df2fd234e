//! Reading a cluster document from YAML, strictly, and saying where it is wrong.
//!
//! Keys are snake_case in the file. A field that is not known is refused, with the nearest known one, since a
//! misspelt option that is silently ignored is the worst kind of wrong. The rules themselves are `validate`'s.

use super::{ClusterDocument, DOCUMENT_VERSION, K3s, K3sVersion, Machine, Options, Release, Role, validate};
use crate::problem::{Code, Problem};
use ipnet::IpNet;
use serde::Deserialize;
use serde_saphyr::{Error, Spanned};
use std::collections::BTreeMap;

/// Reads and validates a document. Each problem carries `line` where one is known, counted from 1.
pub fn parse(yaml: &str) -> Result<ClusterDocument, Vec<Problem>> {
    // The version is read first: in a document of another version any field may be unknown.
    if let Ok(Versioned { version: Some(found) }) = serde_saphyr::from_str::<Versioned>(yaml)
        && found.value != serde_json::json!(DOCUMENT_VERSION)
    {
        let line = found.referenced.line();
        return Err(vec![validate::unsupported_version(&found.value).arg("line", line)]);
    }
    let file: File = serde_saphyr::from_str(yaml).map_err(|error| vec![problem(&error)])?;
    let mut lines = BTreeMap::new();
    let mut problems = Vec::new();
    let document = file.document(&mut lines, &mut problems);
    problems.extend(document.problems());
    if problems.is_empty() {
        return Ok(document);
    }
    let line_of = |problem: Problem| {
        let line = problem.args.get("field").and_then(|field| lines.get(field)).copied();
        match line {
            Some(line) => problem.arg("line", line),
            None => problem,
        }
    };
    Err(problems.into_iter().map(line_of).collect())
}

#[derive(Deserialize)]
struct Versioned {
    version: Option<Spanned<serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    name: Spanned<String>,
    k3s: Spanned<FileK3s>,
    machines: Spanned<Vec<FileMachine>>,
    #[serde(default)]
    options: FileOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileK3s {
    version: Option<Spanned<String>>,
    channel: Option<Spanned<String>>,
    folder: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMachine {
    name: Spanned<String>,
    address: Spanned<String>,
    role: Role,
    user: Option<Spanned<String>>,
    port: Option<Spanned<u16>>,
    interface: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FileOptions {
    traefik: Option<bool>,
    servicelb_on_workers: Option<bool>,
    cluster_cidr: Option<Spanned<String>>,
    service_cidr: Option<Spanned<String>>,
    allow_cgroup_v1: Option<bool>,
    #[serde(default)]
    tls_san: Vec<Spanned<String>>,
}

type Lines = BTreeMap<String, u64>;

/// Takes the value out and remembers where it stood.
fn noted<T>(lines: &mut Lines, path: &str, spanned: Spanned<T>) -> T {
    lines.insert(path.to_owned(), spanned.referenced.line());
    spanned.value
}

impl File {
    fn document(self, lines: &mut Lines, problems: &mut Vec<Problem>) -> ClusterDocument {
        let machines = noted(lines, "machines", self.machines);
        ClusterDocument {
            version: noted(lines, "version", self.version),
            name: noted(lines, "name", self.name),
            k3s: noted(lines, "k3s", self.k3s).choice(lines, problems),
            machines: machines
                .into_iter()
                .enumerate()
                .map(|(index, machine)| machine.machine(&format!("machines[{index}]"), lines))
                .collect(),
            options: self.options.options(lines, problems),
        }
    }
}

impl FileK3s {
    fn choice(self, lines: &mut Lines, problems: &mut Vec<Problem>) -> K3s {
        let release = match (self.version, self.channel) {
            (Some(version), None) => {
                let text = noted(lines, "k3s.version", version);
                text.parse::<K3sVersion>().map(Release::Version).unwrap_or_else(|_| {
                    let problem = Problem::new(Code::FieldInvalid).arg("field", "k3s.version");
                    problems.push(problem.arg("value", &text).arg("example", "v1.34.4+k3s1"));
                    Release::Channel("stable".into())
                })
            }
            (None, Some(channel)) => Release::Channel(noted(lines, "k3s.channel", channel)),
            (version, _) => {
                // Both or neither: which one is meant is the owner's to say.
                let value = if version.is_some() { "version and channel" } else { "" };
                let problem = Problem::new(Code::FieldInvalid).arg("field", "k3s").arg("value", value);
                problems.push(problem.arg("example", "version: v1.34.4+k3s1"));
                Release::Channel("stable".into())
            }
        };
        K3s { release, folder: self.folder }
    }
}

impl FileMachine {
    fn machine(self, path: &str, lines: &mut Lines) -> Machine {
        let mut keep = |field: &str, value| noted(lines, &format!("{path}.{field}"), value);
        Machine {
            name: keep("name", self.name),
            address: keep("address", self.address),
            user: self.user.map(|user| keep("user", user)),
            interface: self.interface.map(|interface| keep("interface", interface)),
            role: self.role,
            port: self.port.map(|port| noted(lines, &format!("{path}.port"), port)),
        }
    }
}

impl FileOptions {
    fn options(self, lines: &mut Lines, problems: &mut Vec<Problem>) -> Options {
        let default = Options::default();
        let mut cidr = |name: &str, value: Option<Spanned<String>>, default: IpNet| {
            let Some(value) = value else { return default };
            let field = format!("options.{name}");
            let text = noted(lines, &field, value);
            text.parse().unwrap_or_else(|_| {
                let problem = Problem::new(Code::FieldInvalid).arg("field", &field).arg("value", &text);
                problems.push(problem.arg("example", default));
                default
            })
        };
        Options {
            traefik: self.traefik.unwrap_or(default.traefik),
            servicelb_on_workers: self.servicelb_on_workers.unwrap_or(default.servicelb_on_workers),
            cluster_cidr: cidr("cluster_cidr", self.cluster_cidr, default.cluster_cidr),
            service_cidr: cidr("service_cidr", self.service_cidr, default.service_cidr),
            allow_cgroup_v1: self.allow_cgroup_v1.unwrap_or(default.allow_cgroup_v1),
            tls_san: self
                .tls_san
                .into_iter()
                .enumerate()
                .map(|(index, name)| noted(lines, &format!("options.tls_san[{index}]"), name))
                .collect(),
        }
    }
}

fn problem(error: &Error) -> Problem {
    let problem = match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            let nearest = expected.iter().min_by_key(|known| strsim::damerau_levenshtein(known, field));
            Problem::new(Code::DocumentUnknownField)
                .arg("field", field)
                .arg("nearest", nearest.copied().unwrap_or_default())
        }
        Error::SerdeMissingField { field, .. } => {
            Problem::new(Code::DocumentFieldMissing).arg("field", field)
        }
        // The only closed set of words in the document is the role.
        Error::SerdeUnknownVariant { variant, expected, .. } => Problem::new(Code::FieldInvalid)
            .arg("field", "role")
            .arg("value", variant)
            .arg("example", expected.join(", ")),
        other => Problem::new(Code::DocumentMalformed).detail(other.without_snippet()),
    };
    match error.location() {
        Some(place) => problem.arg("line", place.line()).arg("column", place.column()),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
version: 1
name: home
k3s: { version: v1.34.4+k3s1 }
machines:
  - { name: pi-1, address: 192.168.1.81, role: server, user: pi }
  - { name: pi-2, address: 192.168.1.82, role: agent, port: 2222, interface: eth0 }
";

    /// The first problem's code, arguments in order, as one line.
    fn refusal(yaml: &str) -> String {
        let problems = parse(yaml).expect_err("the document should be refused");
        let args =
            problems[0].args.iter().map(|(name, value)| format!(" {name}={value}")).collect::<String>();
        format!("{:?}{args}", problems[0].code)
    }

    #[test]
    fn a_plain_document_is_read_with_its_defaults() {
        let document = parse(GOOD).unwrap();
        assert_eq!(document.k3s.release, Release::Version("v1.34.4+k3s1".parse().unwrap()));
        assert_eq!(document.machines[1].port, Some(2222));
        assert_eq!(document.machines[1].interface.as_deref(), Some("eth0"));
        assert_eq!(document.options, Options::default());
    }

    #[test]
    fn options_are_read() {
        let document = parse(&format!(
            "{GOOD}options:\n  traefik: true\n  cluster_cidr: 10.52.0.0/16\n  tls_san: [k3s.example.test]\n"
        ))
        .unwrap();
        assert!(document.options.traefik);
        assert!(document.options.servicelb_on_workers);
        assert_eq!(document.options.cluster_cidr.to_string(), "10.52.0.0/16");
        assert_eq!(document.options.tls_san, ["k3s.example.test"]);
    }

    #[test]
    fn the_document_survives_the_wire() {
        let document = parse(GOOD).unwrap();
        let json = serde_json::to_string(&document).unwrap();
        assert!(json.contains(r#""release":{"version":"v1.34.4+k3s1"}"#), "{json}");
        assert_eq!(serde_json::from_str::<ClusterDocument>(&json).unwrap(), document);
    }

    #[test]
    fn each_wrong_document_is_refused_at_its_place() {
        let cases = [
            (
                GOOD.replace("user: pi", "usr: pi"),
                "DocumentUnknownField column=56 field=usr line=5 nearest=user",
            ),
            (
                format!("{GOOD}option: {{}}\n"),
                "DocumentUnknownField column=1 field=option line=7 nearest=options",
            ),
            (
                GOOD.replace("version: 1\n", "version: 2\nnew_field: 1\n"),
                "DocumentVersion field=version known=1 line=1 value=2",
            ),
            (GOOD.replace("version: 1\n", ""), "DocumentFieldMissing column=1 field=version line=3"),
            (
                GOOD.replace("role: server", "role: master"),
                "FieldInvalid column=48 example=server, agent field=role line=5 value=master",
            ),
            (GOOD.replace("name: home", "name: [home"), "DocumentMalformed column=7 line=2"),
            (
                GOOD.replace("v1.34.4+k3s1", "1.34"),
                "FieldInvalid example=v1.34.4+k3s1 field=k3s.version line=3 value=1.34",
            ),
            (
                GOOD.replace("k3s: { version: v1.34.4+k3s1 }", "k3s: {}"),
                "FieldInvalid example=version: v1.34.4+k3s1 field=k3s line=3 value=",
            ),
            (
                GOOD.replace("name: pi-2", "name: Pi_2"),
                "NodeNameInvalid field=machines[1].name line=6 value=Pi_2",
            ),
            (
                GOOD.replace("name: pi-2", "name: pi-1"),
                "DuplicateName field=machines[1].name first=1 line=6 value=pi-1",
            ),
            (
                GOOD.replace("192.168.1.82", "192.168.1.81"),
                "DuplicateAddress field=machines[1].address first=pi-1 line=6 value=192.168.1.81",
            ),
            (
                GOOD.replace("192.168.1.82", "-oProxyCommand=x"),
                "FieldInvalid field=machines[1].address line=6 value=-oProxyCommand=x",
            ),
            (GOOD.replace("role: agent", "role: server"), "TwoServers field=machines line=5"),
            (GOOD.replace("role: server", "role: agent"), "NoServer field=machines line=5"),
            (
                format!("{GOOD}options: {{ service_cidr: 10.42.128.0/17 }}\n"),
                "CidrOverlap field=options.service_cidr line=7 other=10.42.0.0/16 value=10.42.128.0/17",
            ),
            (
                format!("{GOOD}options: {{ cluster_cidr: 192.168.0.0/16 }}\n"),
                "CidrOverlap field=options.cluster_cidr line=7 machine=pi-1 other=192.168.1.81 value=192.168.0.0/16",
            ),
            (
                format!("{GOOD}options: {{ cluster_cidr: lots }}\n"),
                "FieldInvalid example=10.42.0.0/16 field=options.cluster_cidr line=7 value=lots",
            ),
        ];
        for (yaml, expected) in cases {
            assert_eq!(refusal(&yaml), expected, "\n{yaml}");
        }
    }

    #[test]
    fn four_servers_are_refused_and_five_are_taken() {
        let machine = |n: usize| format!("  - {{ name: m{n}, address: 10.0.0.{n}, role: server }}\n");
        let document = |count: usize| {
            let machines: String = (1..=count).map(machine).collect();
            format!("version: 1\nname: home\nk3s: {{ channel: stable }}\nmachines:\n{machines}")
        };
        assert_eq!(refusal(&document(4)), "EvenServers field=machines line=5 servers=4");
        assert!(parse(&document(5)).is_ok());
    }

    #[test]
    fn every_broken_rule_is_told_at_once() {
        let yaml = GOOD.replace("name: home", "name: Home").replace("name: pi-2", "name: pi-1");
        assert_eq!(parse(&yaml).unwrap_err().len(), 2);
    }
}
