//! What lines of K3s' journal and of pods' troubles mean: a table of known causes.
//!
//! A service that does not start says why, somewhere in forty lines. The table goes from the specific to the
//! general, and its first row that matches any line wins: a missing cgroup, say, also shows as a dead
//! apiserver. An unknown failure stays unknown; the lines themselves are always handed on.

use portico_domain::problem::{Code, Problem};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The likely cause of a failure, the line that gave it away, and the arguments that the code's sentence names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    pub code: Code,
    pub args: BTreeMap<String, String>,
    pub line: String,
}

impl Diagnosis {
    /// Puts the cause, its line and its arguments into the problem that it caused.
    pub fn explain(&self, mut problem: Problem) -> Problem {
        problem.args.extend(self.args.clone());
        problem.arg("cause", self.code.word()).arg("line", &self.line)
    }

    /// Whether waiting cannot help: somebody has to do something first.
    pub fn stays(&self) -> bool {
        !matches!(self.code, Code::EtcdNotReady | Code::ServerUnreachable | Code::OutOfMemory)
    }
}

/// Named groups become arguments. Sources: the messages of K3s, containerd, etcd and the kubelet themselves.
const CAUSES: [(&str, Code); 23] = [
    (r"failed to find memory cgroup", Code::CgroupMemoryMissing),
    (
        r"configured to not run on a host using cgroup v1|kubelet does not support cgroup v1",
        Code::CgroupV1Refused,
    ),
    (r"token CA hash does not match", Code::TokenRejected),
    (r"bootstrap data already found and encrypted with different token", Code::DatastoreForeign),
    (
        r"failed to normalize (server |agent )?token|failed to parse token|invalid token (format|length)",
        Code::TokenRejected,
    ),
    (
        r"[Nn]ode password rejected, (duplicate|contents)|duplicate node name found|hash does not match.*node-passwd",
        Code::NodeNameTaken,
    ),
    (r"critical configuration value mismatch", Code::ServerFlagsDiffer),
    (r"x509: certificate has expired or is not yet valid", Code::ClockSkewed),
    (r"x509: certificate signed by unknown authority", Code::ServerNotTrusted),
    (r"listen (?:tcp|udp)[46]? \S*:(?P<port>\d+): bind: address already in use", Code::PortInUse),
    (r":(?P<port>\d+)\S*.*address already in use", Code::PortInUse),
    (r"no space left on device|disk quota exceeded", Code::NoSpaceLeft),
    (
        r"no default routes found|unable to find default route|failed to get default interface",
        Code::DefaultRouteMissing,
    ),
    (
        r"(?:[Ff]ailed to|[Uu]nable to|[Cc]ouldn't) (?:find|get) interface \W*(?P<interface>[\w.-]+)",
        Code::InterfaceMissing,
    ),
    (r"[Ee]xec format error|cannot execute binary file", Code::ArchUnsupported),
    (r"permission denied.*(?:selinux|container_runtime)|avc:  denied", Code::SelinuxDenied),
    (
        r"(?:etcdserver: )?(?:request timed out, possibly due to previous leader failure|etcd cluster has no leader|too many learner members)",
        Code::EtcdNotReady,
    ),
    (r"member .* has already been bootstrapped|etcd cluster join failed: duplicate", Code::DatastoreForeign),
    (
        r#"[Ff]ailed to (?:pull image|get sandbox image|pull and unpack image) \\?"(?P<image>[^"\\]+)"#,
        Code::ImageNotPulled,
    ),
    (
        r"(?:dial tcp|connect to) (?P<address>\S+?):(?P<port>\d+)\S*:? .*(?:connection refused|no route to host|i/o timeout)",
        Code::ServerUnreachable,
    ),
    (r"401 Unauthorized|not authorized.*cacerts|\bUnauthorized\b.*token", Code::TokenRejected),
    (r"[Oo]ut of memory|oom-kill|\(result 'oom-kill'\)|status=137", Code::OutOfMemory),
    (
        r"modprobe: (?:FATAL|ERROR): Module (?P<module>br_netfilter|overlay|vxlan|ip_tables|nf_conntrack) not found",
        Code::KernelModuleMissing,
    ),
];

static TABLE: LazyLock<Vec<(Regex, Code)>> = LazyLock::new(|| {
    let compile = |(pattern, code): &(&str, Code)| {
        (Regex::new(pattern).expect("the patterns are constants, and a test compiles them"), *code)
    };
    CAUSES.iter().map(compile).collect()
});

static SECURE_TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"K10[0-9a-f]{64}::\S+").expect("the pattern is a constant"));

/// The likely cause that the lines tell of, by the table's order; of equal ones the last line, which is the
/// most recent attempt.
pub fn diagnose(lines: &[String]) -> Option<Diagnosis> {
    TABLE.iter().find_map(|(pattern, code)| {
        let (line, found) =
            lines.iter().rev().find_map(|line| pattern.captures(line).map(|found| (line, found)))?;
        let named = pattern.capture_names().flatten();
        let args = named.filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())));
        Some(Diagnosis { code: *code, args: args.collect(), line: line.trim().to_owned() })
    })
}

/// The lines without join tokens, should a flag of the owner's ever put one there.
pub(super) fn without_secrets(text: &str) -> Vec<String> {
    text.lines().map(|line| SECURE_TOKEN.replace_all(line, "K10…").into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(line: &str) -> Option<(Code, String)> {
        let lines = ["Starting Lightweight Kubernetes...".to_owned(), line.to_owned(), "stopped".to_owned()];
        let found = diagnose(&lines)?;
        assert_eq!(found.line, line);
        let args: Vec<String> = found.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some((found.code, args.join(" ")))
    }

    #[test]
    fn known_lines_have_a_cause() {
        let cases = [
            (r#"level=fatal msg="failed to find memory cgroup (v2)""#, Code::CgroupMemoryMissing, ""),
            (
                r#"E1 "command failed" err="failed to validate kubelet configuration: kubelet is configured to not run on a host using cgroup v1""#,
                Code::CgroupV1Refused,
                "",
            ),
            (
                r#"level=fatal msg="Error: token CA hash does not match the Cluster CA certificate hash: a != b""#,
                Code::TokenRejected,
                "",
            ),
            (
                r#"level=fatal msg="starting kubernetes: preparing server: bootstrap data already found and encrypted with different token""#,
                Code::DatastoreForeign,
                "",
            ),
            (
                "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry",
                Code::NodeNameTaken,
                "",
            ),
            (
                r#"level=fatal msg="etcd cluster join failed: duplicate node name found, please use a unique name for this node""#,
                Code::NodeNameTaken,
                "",
            ),
            (
                "failed to validate server configuration: critical configuration value mismatch between servers: ClusterIPRange",
                Code::ServerFlagsDiffer,
                "",
            ),
            (
                r#"FailedCreatePodSandBox: failed to get sandbox image "rancher/mirrored-pause:3.6": failed to pull image "rancher/mirrored-pause:3.6": dial tcp: lookup registry-1.docker.io on [::1]:53: read: connection refused"#,
                Code::ImageNotPulled,
                "image=rancher/mirrored-pause:3.6",
            ),
            (
                r#"ImagePullBackOff: Back-off pulling image \"web:1\": ErrImagePull: failed to pull and unpack image \"web:1\": not found"#,
                Code::ImageNotPulled,
                "image=web:1",
            ),
            (
                "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2021 is before",
                Code::ClockSkewed,
                "",
            ),
            ("x509: certificate signed by unknown authority", Code::ServerNotTrusted, ""),
            ("listen tcp :6443: bind: address already in use", Code::PortInUse, "port=6443"),
            (
                r#"failed to create listener: failed to listen on 0.0.0.0:10250: listen tcp4 0.0.0.0:10250: bind: address already in use"#,
                Code::PortInUse,
                "port=10250",
            ),
            ("write /var/lib/rancher/k3s/data/x: no space left on device", Code::NoSpaceLeft, ""),
            (
                r#"level=fatal msg="no default routes found in \"/proc/net/route\" or \"/proc/net/ipv6_route\"""#,
                Code::DefaultRouteMissing,
                "",
            ),
            (r#"level=fatal msg="failed to find interface eth9""#, Code::InterfaceMissing, "interface=eth9"),
            ("/usr/local/bin/k3s: 1: Exec format error", Code::ArchUnsupported, ""),
            (
                r#"failed to get CA certs: Get "https://127.0.0.1:6444/cacerts": dial tcp 10.9.0.10:6443: connect: connection refused"#,
                Code::ServerUnreachable,
                "address=10.9.0.10 port=6443",
            ),
            (
                r#"https://10.9.0.10:6443/v1-k3s/serving-kubelet.crt: 401 Unauthorized"#,
                Code::TokenRejected,
                "",
            ),
            ("k3s.service: Failed with result 'oom-kill'.", Code::OutOfMemory, ""),
            (
                "modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/6.1.0",
                Code::KernelModuleMissing,
                "module=br_netfilter",
            ),
        ];
        for (line, code, args) in cases {
            assert_eq!(cause(line), Some((code, args.to_owned())), "{line}");
        }
    }

    #[test]
    fn a_healthy_start_has_no_cause() {
        for line in [
            "Starting k3s v1.34.4+k3s1",
            "Running kube-apiserver --advertise-port=6443",
            "Node pi-1 is Ready",
        ] {
            assert_eq!(cause(line), None, "{line}");
        }
        assert_eq!(diagnose(&[]), None);
    }

    #[test]
    fn the_specific_cause_wins_over_the_general_one() {
        let lines = [
            "modprobe: FATAL: Module overlay not found in directory /lib/modules/6.1.0".to_owned(),
            "listen tcp :6443: bind: address already in use".to_owned(),
            "dial tcp 127.0.0.1:6443: connect: connection refused".to_owned(),
        ];
        assert_eq!(diagnose(&lines).unwrap().code, Code::PortInUse);
    }

    #[test]
    fn tokens_do_not_get_through() {
        let line = format!("joining with K10{}::server:hunter2 now", "a".repeat(64));
        assert_eq!(without_secrets(&line), ["joining with K10… now"]);
    }
}
