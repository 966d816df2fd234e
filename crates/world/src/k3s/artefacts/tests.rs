//! Against a mirror on the loopback that can break off, lie, and count what it is asked.

use super::*;
use axum::extract::{Path as Segments, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const BINARY: &[u8] = &[7; 300_000];
const INSTALL: &[u8] = b"#!/bin/sh\n";

/// Files by `folder/version/name`, and the requests that came, with their Range.
#[derive(Default)]
struct Mirror {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
}

impl Mirror {
    fn with_release() -> Arc<Self> {
        let mirror = Self::default();
        mirror.put("r/v1.34.4+k3s1/k3s-arm64", BINARY);
        mirror.put("r/v1.34.4+k3s1/sha256sum-arm64.txt", format!("{}  k3s-arm64\n", sha256(BINARY)));
        mirror.put("i/v1.34.4+k3s1/install.sh", INSTALL);
        mirror.put("i/v1.34.4+k3s1/install.sh.sha256sum", format!("{}  install.sh\n", sha256(INSTALL)));
        mirror.put(
            "c/-/channels",
            r#"{"data":[{"id":"stable","latest":"v1.34.4+k3s1"},{"id":"v1.33","latest":"v1.33.9+k3s1"},{"id":"odd","latest":null}]}"#,
        );
        Arc::new(mirror)
    }

    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.as_ref().to_vec());
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(
    State(mirror): State<Arc<Mirror>>,
    Segments((folder, version, name)): Segments<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let path = format!("{folder}/{version}/{name}");
    let range = headers.get(header::RANGE).map(|range| range.to_str().unwrap().to_owned());
    mirror.asked.lock().unwrap().push(match &range {
        Some(range) => format!("{name} {range}"),
        None => name,
    });
    let Some(bytes) = mirror.files.lock().unwrap().get(&path).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let from: Option<usize> = range.map(|range| range["bytes=".len()..range.len() - 1].parse().unwrap());
    match from {
        Some(from) if from >= bytes.len() => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
        Some(from) => (StatusCode::PARTIAL_CONTENT, bytes[from..].to_vec()).into_response(),
        None => bytes.into_response(),
    }
}

struct Bench {
    mirror: Arc<Mirror>,
    store: Store,
    cache: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let mirror = Mirror::with_release();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .route("/{folder}/{version}/{name}", axum::routing::get(answer))
            .with_state(mirror.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let cache = tempfile::tempdir().unwrap();
        let sources = K3sSources {
            releases: format!("{base}/r"),
            install: format!("{base}/i"),
            channels: format!("{base}/c/-/channels"),
        };
        Self { mirror, store: Store::new(cache.path().to_owned(), sources).unwrap(), cache }
    }

    async fn obtain(&self, version: &str) -> Result<Artefacts, K3sError> {
        let version = version.parse().unwrap();
        self.store.obtain(&version, Arch::Arm64, None, &|_| {}, &CancellationToken::new()).await
    }

    /// Where the store keeps the release's files.
    fn kept(&self, name: &str) -> PathBuf {
        let source = std::fs::read_dir(self.cache.path()).unwrap().next().unwrap().unwrap();
        source.path().join("v1.34.4+k3s1").join(name)
    }
}

#[tokio::test]
async fn a_release_is_fetched_once_and_proven_each_time() {
    let bench = Bench::new().await;
    let seen = Mutex::new((0, None));
    let version = "v1.34.4+k3s1".parse().unwrap();
    let progress = |progress: Progress<'_>| {
        if progress.file == "k3s-arm64" {
            *seen.lock().unwrap() = (progress.done, progress.total);
        }
    };
    let cancel = CancellationToken::new();
    let artefacts = bench.store.obtain(&version, Arch::Arm64, None, &progress, &cancel).await.unwrap();
    assert_eq!(std::fs::read(&artefacts.binary.path).unwrap(), BINARY);
    assert_eq!((artefacts.binary.sha256.clone(), artefacts.binary.size), (sha256(BINARY), 300_000));
    assert_eq!(std::fs::read(&artefacts.installer.path).unwrap(), INSTALL);
    assert_eq!(*seen.lock().unwrap(), (300_000, Some(300_000)));
    let names = ["sha256sum-arm64.txt", "install.sh.sha256sum", "k3s-arm64", "install.sh"];
    assert_eq!(bench.mirror.asked(), names);

    assert_eq!(bench.obtain("v1.34.4+k3s1").await.unwrap(), artefacts);
    assert_eq!(bench.mirror.asked(), Vec::<String>::new());
    std::fs::write(&artefacts.binary.path, "bit rot").unwrap();
    assert_eq!(bench.obtain("v1.34.4+k3s1").await.unwrap(), artefacts);
    assert_eq!(bench.mirror.asked(), ["k3s-arm64"]);
}

#[tokio::test]
async fn what_was_broken_off_is_continued() {
    let bench = Bench::new().await;
    let artefacts = bench.obtain("v1.34.4+k3s1").await.unwrap();
    let part = bench.kept("k3s-arm64.part");
    let again = async |kept: &[u8]| {
        std::fs::remove_file(&artefacts.binary.path).unwrap();
        std::fs::write(&part, kept).unwrap();
        bench.mirror.asked();
        assert_eq!(bench.obtain("v1.34.4+k3s1").await.unwrap(), artefacts);
        assert!(!part.exists());
        bench.mirror.asked()
    };
    assert_eq!(again(&BINARY[..100_000]).await, ["k3s-arm64 bytes=100000-"]);
    assert_eq!(again(BINARY).await, ["k3s-arm64 bytes=300000-"], "complete, only not renamed");
    let foreign = again(b"of another file").await;
    assert_eq!(foreign, ["k3s-arm64 bytes=15-", "k3s-arm64"], "one fresh start");
}

#[tokio::test]
async fn a_wrong_digest_is_refused_and_asked_for_again() {
    let bench = Bench::new().await;
    bench.mirror.put("r/v1.34.4+k3s1/k3s-arm64", b"something else");
    match bench.obtain("v1.34.4+k3s1").await {
        Err(K3sError::ChecksumMismatch { file, expected, found }) => {
            assert_eq!(
                (file.as_str(), expected, found),
                ("k3s-arm64", sha256(BINARY), sha256(b"something else"))
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(!bench.kept("k3s-arm64").exists() && !bench.kept("k3s-arm64.part").exists());
    bench
        .mirror
        .put("r/v1.34.4+k3s1/sha256sum-arm64.txt", format!("{} *k3s-arm64\n", sha256(b"something else")));
    assert_eq!(bench.obtain("v1.34.4+k3s1").await.unwrap().binary.size, 14);
}

#[tokio::test]
async fn what_does_not_exist_is_named_with_what_does() {
    let bench = Bench::new().await;
    match bench.obtain("v1.99.0+k3s1").await {
        Err(K3sError::VersionUnknown { version, channels }) => {
            assert_eq!(version, "v1.99.0+k3s1");
            assert_eq!(channels[0], ("stable".to_owned(), "v1.34.4+k3s1".to_owned()));
            assert_eq!(channels.len(), 2, "a channel without a release is none");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.store.resolve("v1.33").await.unwrap().to_string(), "v1.33.9+k3s1");
    assert!(matches!(bench.store.resolve("nightly").await, Err(K3sError::ChannelUnknown { .. })));
    bench.mirror.put("r/v1.34.4+k3s1/sha256sum-arm64.txt", "nothing here");
    assert!(matches!(bench.obtain("v1.34.4+k3s1").await, Err(K3sError::ChecksumMissing { .. })));
}

#[tokio::test]
async fn nobody_there_and_cancelled_are_told_apart() {
    let mut bench = Bench::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    bench.store.sources.releases = format!("http://{free}");
    match bench.obtain("v1.34.4+k3s1").await {
        Err(K3sError::Download { url, .. }) => assert!(url.ends_with("/v1.34.4%2Bk3s1/sha256sum-arm64.txt")),
        other => panic!("{other:?}"),
    }
    let cancel = CancellationToken::new();
    cancel.cancel();
    let version = "v1.34.4+k3s1".parse().unwrap();
    let outcome = bench.store.obtain(&version, Arch::Arm64, None, &|_| {}, &cancel).await;
    assert!(matches!(outcome, Err(K3sError::Cancelled)));
}

#[tokio::test]
async fn a_folder_serves_without_a_network() {
    let bench = Bench::new().await;
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let version = "v1.34.4+k3s1".parse().unwrap();
    let obtain = async || {
        let cancel = CancellationToken::new();
        bench.store.obtain(&version, Arch::Arm64, Some(folder.path()), &|_| {}, &cancel).await
    };
    let images = b"layers";
    put("k3s-arm64", BINARY);
    put("install.sh", INSTALL);
    put("install.sh.sha256sum", format!("{}  install.sh", sha256(INSTALL)).as_bytes());
    assert!(
        matches!(obtain().await, Err(K3sError::FileMissing { file, .. }) if file == "sha256sum-arm64.txt")
    );

    let sums =
        format!("{}  k3s-arm64\n{}  k3s-airgap-images-arm64.tar.zst\n", sha256(BINARY), sha256(images));
    put("sha256sum-arm64.txt", sums.as_bytes());
    put("k3s-airgap-images-arm64.tar.zst", images);
    put("k3s-airgap-images-amd64.tar.zst", b"for others");
    put("echo.tar", b"own image");
    put("notes.txt", b"no image");
    let artefacts = obtain().await.unwrap();
    let names: Vec<&str> = artefacts.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["echo.tar", "k3s-airgap-images-arm64.tar.zst"]);
    assert_eq!(artefacts.images[0].sha256, sha256(b"own image"));
    assert_eq!(artefacts.binary.path, folder.path().join("k3s-arm64"));

    put("k3s-airgap-images-arm64.tar.zst", b"changed");
    assert!(
        matches!(obtain().await, Err(K3sError::ChecksumMismatch { file, .. }) if file.contains("airgap"))
    );
    put("k3s-airgap-images-arm64.tar.zst", images);
    put("k3s-arm64", b"changed");
    assert!(matches!(obtain().await, Err(K3sError::ChecksumMismatch { file, .. }) if file == "k3s-arm64"));
    assert_eq!(bench.mirror.asked(), Vec::<String>::new());
}

#[test]
fn architectures() {
    let binary = |machine: &str| Arch::from_machine(machine).map(Arch::binary).ok();
    assert_eq!(binary("x86_64"), Some("k3s"));
    assert_eq!(binary("aarch64"), Some("k3s-arm64"));
    assert_eq!(binary("armv7l"), Some("k3s-armhf"));
    assert_eq!(binary("armv6l"), None);
}
