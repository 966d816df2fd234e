//! The internet of a lab: Cloudflare under its own names, its edge, its name servers, and a certificate authority that
//! speaks ACME (`lab outside`), over the data of the practice homelab that belongs to a [`Portico`].

use crate::kubectl::Kubectl;
use crate::lab::Lab;
use crate::portico::{Portico, standin};
use base64::Engine;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

pub struct Outside<'a> {
    lab: &'a Lab,
    control: String,
    /// A file with the root of the certificates that the authority issues.
    pub root: tempfile::NamedTempFile,
    /// Who vouches for the ACME server's own certificate, as PEM.
    pub acme_ca: String,
}

impl<'a> Outside<'a> {
    /// Where the ACME server's directory is.
    pub const ACME: &'static str = "https://10.88.0.1:14000/dir";

    pub fn start(portico: &Portico, lab: &'a Lab) -> Outside<'a> {
        let described = portico.described();
        let text = |value: &Value| value.as_str().expect("an address").to_owned();
        let server = |value: &Value| {
            let address = text(value);
            address.trim_start_matches("http://").split('/').next().expect("host and port").to_owned()
        };
        let endpoints = &described["endpoints"];
        let told = [
            server(&endpoints["cloudflare"]),
            text(&endpoints["resolvers"]["authoritative"][0]),
            text(&endpoints["resolvers"]["public"][0]),
            server(&endpoints["edge"]),
            server(&described["control"]),
            text(&described["cloudflareToken"]),
        ];
        lab.outside(&standin(), &told.each_ref().map(String::as_str));
        let folder = lab.folder().join("outside");
        let acme_ca =
            std::fs::read_to_string(folder.join("acme-ca.pem")).expect("the authority's certificate");
        let ca = folder.join("acme-ca.pem").display().to_string();
        let root = curl(lab, &["--cacert", &ca, "https://10.88.0.1:15000/roots/0"]);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &root.stdout).expect("written");
        Outside { lab, control: text(&described["control"]), root: file, acme_ca }
    }

    /// All records of a zone, as `NAME TYPE CONTENT` with a `proxied` behind it, in their order.
    pub fn records(&self, zone: &str) -> Vec<String> {
        let output = curl(self.lab, &[&format!("{}/records?zone={zone}", self.control)]);
        let records: Vec<Value> = serde_json::from_slice(&output.stdout).expect("the records");
        let told = |record: &Value| {
            let word = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            let proxied = if record["proxied"] == true { " proxied" } else { "" };
            format!("{} {} {}{proxied}", word("name"), word("type"), word("content"))
        };
        records.iter().map(told).collect()
    }

    /// What a visitor from the internet gets for `https://host/`: the status and the body.
    pub fn visit(&self, host: &str) -> String {
        let host = format!("Host: {host}");
        let told = ["-s", "-m", "10", "-w", "%{http_code}", "-H", &host, Portico::EDGE];
        let output = self.lab.command("curl").args(told).output().expect("curl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What was done to the records of a name, oldest first: by whose token, and what.
    pub fn audit(&self, name: &str) -> Vec<(String, String)> {
        let output = curl(self.lab, &[&format!("{}/audit", self.control)]);
        let entries: Vec<Value> = serde_json::from_slice(&output.stdout).expect("the audit");
        let of = |entry: &Value| [&entry["before"]["name"], &entry["after"]["name"]].contains(&&json!(name));
        let told = |entry: &Value| {
            let word = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            (word("who"), word("action"))
        };
        entries.iter().filter(|entry| of(entry)).map(told).collect()
    }

    /// An issuer that has certificates from the authority and proves names by DNS with a token of Cloudflare's.
    pub fn issuer(&self, name: &str, secret: &str) -> Value {
        json!({
            "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": name},
            "spec": {"acme": {
                "server": Self::ACME,
                "caBundle": base64::engine::general_purpose::STANDARD.encode(&self.acme_ca),
                "email": "someone@example.test",
                "privateKeySecretRef": {"name": format!("{name}-account")},
                "solvers": [{"dns01": {"cloudflare": {"apiTokenSecretRef": {"name": secret, "key": "token"}}}}],
            }},
        })
    }
}

/// Installs cert-manager and waits for all of it.
pub fn cert_manager(kubectl: &Kubectl) {
    kubectl.chart("cert-manager", "v1.21.1", "cert-manager", &json!({"crds": {"enabled": true}}));
    for deployment in ["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"] {
        kubectl.rolled_out(&format!("{deployment} -n cert-manager"));
    }
}

/// Installs the Sealed Secrets controller and waits for it.
pub fn sealed_secrets(kubectl: &Kubectl) {
    let values = json!({"fullnameOverride": "sealed-secrets-controller"});
    kubectl.chart("sealed-secrets", "2.18.5", "kube-system", &values);
    kubectl.rolled_out("sealed-secrets-controller -n kube-system");
}

/// A token of Cloudflare's, sealed for the controller of this cluster, as Secret `name` of namespace cert-manager.
pub fn sealed_token(lab: &Lab, name: &str, token: &str) -> Value {
    let controller = "http:sealed-secrets-controller:8080";
    let path = format!("/api/v1/namespaces/kube-system/services/{controller}/proxy/v1/cert.pem");
    let certificate = lab.run("h1", &format!("k3s kubectl get --raw {path}"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), certificate).expect("written");
    let mut seal = std::process::Command::new(standin().join("bin/kubeseal"));
    seal.args([
        "--raw",
        "--name",
        name,
        "--namespace",
        "cert-manager",
        "--from-file",
        "/dev/stdin",
        "--cert",
    ]);
    seal.arg(file.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut seal = seal.spawn().expect("kubeseal starts");
    seal.stdin.take().expect("its standard input").write_all(token.as_bytes()).expect("written");
    let sealed = seal.wait_with_output().expect("kubeseal ends");
    assert!(sealed.status.success(), "kubeseal: {}", sealed.status);
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": name, "namespace": "cert-manager"},
        "spec": {"encryptedData": {"token": String::from_utf8_lossy(&sealed.stdout).trim()}},
    })
}

/// Asks `https://host/` at an address from the lab's network, trusting nobody but `root`; fails as curl does.
pub fn https(lab: &Lab, host: &str, address: &str, root: &Path) -> Result<String, String> {
    let (resolve, url) = (format!("{host}:443:{address}"), format!("https://{host}/"));
    let root = root.display().to_string();
    let output = curl(lab, &["--cacert", &root, "--resolve", &resolve, &url]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The certificate that is shown for a host at an address, whoever signed it, in words.
pub fn shown(lab: &Lab, host: &str, address: &str) -> String {
    let (resolve, url) = (format!("{host}:443:{address}"), format!("https://{host}/"));
    let output =
        curl(lab, &["-k", "-o", "/dev/null", "-w", "%{certs}%{http_code}", "--resolve", &resolve, &url]);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn curl(lab: &Lab, arguments: &[&str]) -> Output {
    lab.command("curl").args(["-sS", "-f", "-m", "10"]).args(arguments).output().expect("curl runs")
}
