//! A homelab for one test, and OpenSSH's client pointed at it.

use portico_practice::homelab::{Homelab, Machine, Options, raspberry_pi, sha256_hex};
use portico_practice::machines::{self, Handle};
use portico_practice::{ingress, kube};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

pub const BOOTSTRAP: &str = r#"sh -c 'IFS= read -r n; s=$({ dd bs="$n" count=1 iflag=fullblock || dd bs=1 count="$n"; } 2>/dev/null; echo x); eval "${s%x}"'"#;
pub const BINARY: &[u8] = b"#!/bin/sh\n# practice k3s v1.34.4+k3s1\n";

pub struct Lab {
    pub homelab: Arc<Homelab>,
    _serving: [Handle; 3],
    directory: TempDir,
}

/// What a remote command left.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The values of a key in `key=value` output.
    pub fn values(&self, key: &str) -> Vec<&str> {
        self.stdout.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
    }
}

impl Lab {
    pub async fn of(machines: Vec<Machine>) -> Lab {
        let homelab = Homelab::new(Options { machines, ..Options::default() }).expect("ports are free");
        let machines = machines::serve(Arc::clone(&homelab)).await.expect("loopback addresses can be bound");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let key = directory.path().join("key");
        std::fs::write(&key, homelab.client_key_file()).expect("the key file is written");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("its mode is set");
        let api = kube::serve(Arc::clone(&homelab));
        let ingress = ingress::serve(Arc::clone(&homelab)).expect("a certificate can be made");
        Lab { homelab, _serving: [machines, api, ingress], directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `ssh` with the practice key, not asking for anything.
    pub fn ssh(&self, user: &str, machine: &str) -> Command {
        let address = self.homelab.read(|state| state.machine(machine).expect("the machine exists").address);
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-o", "StrictHostKeyChecking=accept-new", "-o", "IdentitiesOnly=yes"]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", self.path("known_hosts").display()));
        command.args(["-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10"]);
        command.arg("-p").arg(self.homelab.ports.ssh.to_string()).arg(format!("{user}@{address}"));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    pub async fn key_login(&self, user: &str, machine: &str, line: &str, stdin: &[u8]) -> Ran {
        let mut command = self.ssh(user, machine);
        command.args(["-o", "BatchMode=yes", "-i"]).arg(self.path("key")).arg(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("ssh starts");
        let mut pipe = child.stdin.take().expect("stdin is piped");
        let sent = stdin.to_vec();
        let feed = tokio::spawn(async move {
            // A command that ends early closes the pipe; what it left says why.
            let _ = pipe.write_all(&sent).await;
        });
        let output = child.wait_with_output().await.expect("ssh ends");
        feed.abort();
        ran(output)
    }

    pub fn api_url(&self, machine: &str) -> String {
        let address = self.homelab.read(|state| state.machine(machine).expect("the machine exists").address);
        format!("https://{address}:{}", self.homelab.ports.api)
    }

    /// One server and so many agents, joined through the scripts.
    pub async fn cluster(agents: usize) -> Lab {
        let machines = (0..=agents).map(|number| raspberry_pi(&format!("pi-{}", number + 1), 5)).collect();
        let lab = Lab::of(machines).await;
        let first = lab.install("pi-1", "server", "disable: [traefik]\n", "").await;
        assert_eq!(first.status, 0, "{first:?}");
        let token = lab.script("pi-1", "token", b"").await.values("token")[0].to_owned();
        for number in 2..agents + 2 {
            let config = "server: https://127.77.0.11:6443\ntoken-file: /etc/rancher/k3s/join-token\n";
            let joined = lab.install(&format!("pi-{number}"), "agent", config, &token).await;
            assert_eq!(joined.status, 0, "pi-{number}: {joined:?}");
        }
        lab
    }

    /// Runs a script as root on a machine whose first user may become root without a password.
    pub async fn script(&self, machine: &str, name: &str, values: &[u8]) -> Ran {
        let user = self
            .homelab
            .read(|state| state.machine(machine).expect("the machine exists").users[0].name.clone());
        let prefix = if user == "root" { "" } else { "sudo -n " };
        self.key_login(&user, machine, &format!("{prefix}{BOOTSTRAP}"), &script(name, values)).await
    }

    /// Copies a file to a path with the script for it.
    pub async fn place(&self, machine: &str, path: &str, body: &[u8]) -> Ran {
        let mut values = format!("{path}\n0755\n1\n{}\n{}\n", sha256_hex(body), body.len()).into_bytes();
        values.extend_from_slice(body);
        self.script(machine, "place-file", &values).await
    }

    /// Everything that is needed for `install`, and the install itself.
    pub async fn install(&self, machine: &str, role: &str, config: &str, token: &str) -> Ran {
        for (path, body) in
            [("/usr/local/bin/k3s", BINARY), ("/usr/local/lib/portico/install.sh", b"#!/bin/sh\n".as_slice())]
        {
            let placed = self.place(machine, path, body).await;
            assert_eq!(placed.status, 0, "placing {path}: {placed:?}");
        }
        let values = format!("{role}\n{}\n{config}{}\n{token}", config.len(), token.len());
        let configured = self.script(machine, "configure", values.as_bytes()).await;
        assert_eq!(configured.status, 0, "configure: {configured:?}");
        self.script(machine, "install", format!("{role}\n").as_bytes()).await
    }
}

/// The API as an administrator's client sees it: plain HTTPS with the certificate of the kubeconfig.
pub struct Api {
    pub base: String,
    pub client: Client,
}

impl Api {
    /// Reads the kubeconfig by its script and goes to that machine's address.
    pub async fn of(lab: &Lab, machine: &str) -> Api {
        let kubeconfig = lab.script(machine, "kubeconfig", b"").await.stdout;
        let data = |field: &str| {
            let line = kubeconfig
                .lines()
                .find_map(|line| line.trim().strip_prefix(field))
                .expect("the kubeconfig has it");
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, line.trim())
                .expect("it is base64")
        };
        let authority =
            reqwest::Certificate::from_pem(&data("certificate-authority-data:")).expect("a certificate");
        let mut identity = data("client-certificate-data:");
        identity.extend(data("client-key-data:"));
        let client = Client::builder()
            .tls_certs_only([authority])
            .identity(reqwest::Identity::from_pem(&identity).expect("a certificate and its key"))
            .build()
            .expect("a client");
        Api { base: lab.api_url(machine), client }
    }

    pub async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> (StatusCode, Value) {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header("content-type", kind);
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let response = request.send().await.expect("the API answers");
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, "application/json", &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, "application/json", body).await
    }

    /// Server-side apply of an object under its own path.
    pub async fn apply(&self, path: &str, manager: &str, force: bool, body: &Value) -> (StatusCode, Value) {
        let path = format!("{path}?fieldManager={manager}&force={force}");
        self.send(Method::PATCH, &path, "application/apply-patch+yaml", body).await
    }

    /// Asks until the answer satisfies the condition.
    pub async fn until(&self, path: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let (status, value) = self.get(path).await;
            if status.is_success() && condition(&value) {
                return value;
            }
            assert!(std::time::Instant::now() < end, "{path} never came to it: {status} {value:#}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// Whether a condition of an object is true.
pub fn holds(object: &Value, condition: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|entry| entry["type"] == condition && entry["status"] == "True")
}

/// A script as it is sent: its length, its text (of which the first line is enough), its values.
pub fn script(name: &str, values: &[u8]) -> Vec<u8> {
    let text = format!("# portico {name}\nset -eu\n");
    let mut bytes = format!("{}\n{text}", text.len()).into_bytes();
    bytes.extend_from_slice(values);
    bytes
}

pub fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
