//! A download mirror for K3s: releases with checksums, the install script, channels, and chart indexes.
//!
//! The files are stand-ins with the names, the layout and the checksums of the real ones; a practice machine
//! knows a stand-in binary by its first line, which names version and processor. Broken downloads come from `fault`.

use crate::fault::{Faults, Service};
use crate::http::{self, HttpServer};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// The version that practice machines get unless asked otherwise.
pub const STABLE: &str = "v1.34.4+k3s1";
/// All versions there are, oldest first.
pub const VERSIONS: &[&str] = &["v1.33.8+k3s1", STABLE, "v1.35.5+k3s1", "v1.36.3+k3s1", "v1.37.1+k3s1"];

const CHANNELS: &[(&str, &str)] = &[
    ("stable", STABLE),
    ("latest", "v1.37.1+k3s1"),
    ("v1.33", "v1.33.8+k3s1"),
    ("v1.34", STABLE),
    ("v1.35", "v1.35.5+k3s1"),
    ("v1.36", "v1.36.3+k3s1"),
    ("v1.37", "v1.37.1+k3s1"),
];

/// Chart, and its versions, oldest first, each with the version of the app in it.
const CHARTS: &[(&str, &[(&str, &str)])] = &[
    ("ingress-nginx", &[("4.14.5", "1.14.5"), ("4.15.1", "1.15.1")]),
    ("cert-manager", &[("v1.20.3", "v1.20.3"), ("v1.21.1", "v1.21.1")]),
    ("sealed-secrets", &[("2.18.4", "0.36.1"), ("2.18.5", "0.36.6")]),
    ("kube-prometheus-stack", &[("88.5.3", "v0.93.1")]),
    ("argo-cd", &[("10.1.1", "v3.4.4")]),
];

/// The versions of each chart that can be had, oldest first.
pub fn charts() -> BTreeMap<String, Vec<String>> {
    let versions = |of: &[(&str, &str)]| of.iter().map(|(version, _)| (*version).to_owned()).collect();
    CHARTS.iter().map(|(name, of)| ((*name).to_owned(), versions(of))).collect()
}

/// The version of the app in a version of a chart.
pub fn app_version(chart: &str, version: &str) -> Option<&'static str> {
    let (_, versions) = CHARTS.iter().find(|(name, _)| *name == chart)?;
    versions.iter().find(|(own, _)| *own == version).map(|(_, app)| *app)
}

/// Architecture as in the checksum files, and the name of its binary.
const ARCHITECTURES: &[(&str, &str)] = &[("amd64", "k3s"), ("arm64", "k3s-arm64"), ("arm", "k3s-armhf")];

/// The first bytes of a stand-in binary, before version and architecture.
const MAGIC: &str = "\x7fELF practice stand-in for k3s";

/// A running mirror; it ends when this is dropped.
pub struct Mirror {
    pub server: HttpServer,
    files: Arc<Files>,
}

struct Files {
    binary_size: usize,
    state: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    /// Stand-ins that were made already, by version and architecture, with their SHA-256.
    binaries: BTreeMap<(String, &'static str), (axum::body::Bytes, String)>,
    downloads: BTreeMap<String, u64>,
}

impl Mirror {
    /// Starts a mirror on a free port of 127.0.0.1. A stand-in binary has `binary_size` bytes.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(binary_size: usize, faults: Faults) -> std::io::Result<Self> {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?, binary_size, faults)
    }

    /// The same on a listener that is there.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn on(listener: TcpListener, binary_size: usize, faults: Faults) -> std::io::Result<Self> {
        let files = Arc::new(Files { binary_size, state: Mutex::default() });
        let router = Router::new()
            .route("/releases/{version}/{file}", get(release))
            .route("/install/{version}/install.sh", get(install))
            .route("/install/{version}/install.sh.sha256sum", get(install_sum))
            .route("/channels", get(channels))
            .route("/charts/{name}/index.yaml", get(chart))
            .with_state(files.clone());
        Ok(Self { server: http::serve(listener, Service::Mirror, faults, router)?, files })
    }

    /// The base of every address here, without a trailing slash.
    pub fn base(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// How often each path was asked for with success.
    pub fn downloads(&self) -> BTreeMap<String, u64> {
        self.files.shelf().downloads.clone()
    }

    /// SHA-256 (hexadecimal) of the stand-in binary of a version for an architecture (`amd64`, `arm64`, `arm`).
    pub fn binary_digest(&self, version: &str, architecture: &str) -> Option<String> {
        let architecture = ARCHITECTURES.iter().find(|(name, _)| *name == architecture)?.0;
        VERSIONS.contains(&version).then(|| self.files.binary(version, architecture).1)
    }
}

impl Files {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn binary(&self, version: &str, architecture: &'static str) -> (axum::body::Bytes, String) {
        let key = (version.to_owned(), architecture);
        let make = || {
            let bytes = stand_in(version, architecture, self.binary_size);
            let digest = sha256(&bytes);
            (bytes.into(), digest)
        };
        self.shelf().binaries.entry(key).or_insert_with(make).clone()
    }

    fn sent(&self, path: String, body: impl IntoResponse) -> Response {
        *self.shelf().downloads.entry(path).or_default() += 1;
        body.into_response()
    }
}

async fn release(State(files): State<Arc<Files>>, Path((version, file)): Path<(String, String)>) -> Response {
    let path = format!("/releases/{version}/{file}");
    if !VERSIONS.contains(&version.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    for &(architecture, binary) in ARCHITECTURES {
        if file == binary {
            return files.sent(path, files.binary(&version, architecture).0);
        }
        if file == format!("sha256sum-{architecture}.txt") {
            return files.sent(path, checksums(&files, &version, architecture, binary));
        }
        for kind in IMAGE_KINDS {
            if file == image_name(architecture, kind) {
                return files.sent(path, images(&version, architecture, kind));
            }
        }
    }
    StatusCode::NOT_FOUND.into_response()
}

const IMAGE_KINDS: [&str; 3] = ["tar", "tar.gz", "tar.zst"];

fn image_name(architecture: &str, kind: &str) -> String {
    format!("k3s-airgap-images-{architecture}.{kind}")
}

fn checksums(files: &Files, version: &str, architecture: &'static str, binary: &str) -> String {
    let mut text = format!("{}  {binary}\n", files.binary(version, architecture).1);
    for kind in IMAGE_KINDS {
        let digest = sha256(&images(version, architecture, kind));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{digest}  {}", image_name(architecture, kind));
    }
    text
}

fn images(version: &str, architecture: &str, kind: &str) -> Vec<u8> {
    filler(&format!("practice image archive {version} {architecture} {kind}\n"), 64 * 1024)
}

fn stand_in(version: &str, architecture: &str, size: usize) -> Vec<u8> {
    let processor = if architecture == "arm" { "armhf" } else { architecture };
    filler(&format!("{MAGIC} {version} {processor}\n"), size)
}

/// `head`, then bytes that no archiver can shrink, the same ones every time.
fn filler(head: &str, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size.max(head.len()) + 8);
    bytes.extend_from_slice(head.as_bytes());
    let mut word = head
        .bytes()
        .fold(0x9e37_79b9_7f4a_7c15_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    while bytes.len() < size {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.truncate(size.max(head.len()));
    bytes
}

/// The script does nothing by itself: practice machines act on their model when they are told to run it.
fn install_script(version: &str) -> String {
    format!(
        "#!/bin/sh\nset -e\n# Stand-in for the install script of K3s {version}. Practice machines recognise it.\n\
         echo \"practice: nothing to install on a real machine\" >&2\nexit 1\n"
    )
}

async fn install(State(files): State<Arc<Files>>, Path(version): Path<String>) -> Response {
    if !VERSIONS.contains(&version.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    files.sent(format!("/install/{version}/install.sh"), install_script(&version))
}

async fn install_sum(State(files): State<Arc<Files>>, Path(version): Path<String>) -> Response {
    if !VERSIONS.contains(&version.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let line = format!("{}  install.sh\n", sha256(install_script(&version).as_bytes()));
    files.sent(format!("/install/{version}/install.sh.sha256sum"), line)
}

async fn channels(State(files): State<Arc<Files>>) -> Response {
    let data: Vec<Value> = CHANNELS
        .iter()
        .map(|(id, latest)| json!({"id": id, "type": "channel", "name": id, "latest": latest}))
        .collect();
    let body = json!({"type": "collection", "resourceType": "channels", "data": data});
    files.sent("/channels".to_owned(), axum::Json(body))
}

async fn chart(State(files): State<Arc<Files>>, Path(name): Path<String>) -> Response {
    let Some((_, versions)) = CHARTS.iter().find(|(chart, _)| *chart == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut index = format!("apiVersion: v1\nentries:\n  {name}:\n");
    for (version, app) in versions.iter().rev() {
        index += &format!(
            "    - name: {name}\n      version: {version}\n      appVersion: {app}\n      urls: [\"{name}-{version}.tgz\"]\n"
        );
    }
    files.sent(format!("/charts/{name}/index.yaml"), index)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}
