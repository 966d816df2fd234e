//! K3s' files for one release: the binary, its installer, and image archives, each with a proven digest.
//!
//! They come from a release page, a mirror with the same layout, or a folder for machines without internet.
//! Nothing is handed out whose SHA-256 is not the listed one, cached or not. The lists themselves are trusted as
//! far as the place they come from is.

mod proven;

pub(super) use proven::digest_of;

use super::download::Fetcher;
use super::error::K3sError;
use aws_lc_rs::digest;
use portico_domain::cluster::K3sVersion;
use portico_domain::observed;
use proven::Proven;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Base addresses, without a slash at the end. The layout below them is that of the K3s project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct K3sSources {
    /// `{releases}/{version}/k3s` and the rest of a release.
    pub releases: String,
    /// `{install}/{version}/install.sh` and `install.sh.sha256sum`.
    pub install: String,
    /// The channel server's list.
    pub channels: String,
}

impl Default for K3sSources {
    fn default() -> Self {
        Self {
            releases: "https://github.com/k3s-io/k3s/releases/download".into(),
            install: "https://raw.githubusercontent.com/k3s-io/k3s".into(),
            channels: "https://update.k3s.io/v1-release/channels".into(),
        }
    }
}

/// The kinds of processor that K3s is built for and that home machines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    Amd64,
    Arm64,
    Arm,
}

impl Arch {
    /// From `uname -m`.
    ///
    /// # Errors
    /// [`K3sError::ArchUnsupported`].
    pub fn from_machine(machine: &str) -> Result<Self, K3sError> {
        match machine {
            "x86_64" | "amd64" => Ok(Self::Amd64),
            "aarch64" | "arm64" => Ok(Self::Arm64),
            "armv7l" | "armv8l" => Ok(Self::Arm),
            other => Err(K3sError::ArchUnsupported { arch: other.to_owned() }),
        }
    }

    /// As K3s names it in the names of lists and image archives.
    pub fn word(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
        }
    }

    /// The binary's name among a release's files.
    pub fn binary(self) -> &'static str {
        match self {
            Self::Amd64 => "k3s",
            Self::Arm64 => "k3s-arm64",
            Self::Arm => "k3s-armhf",
        }
    }

    fn sums(self) -> String {
        format!("sha256sum-{}.txt", self.word())
    }
}

/// A file here whose digest was checked, and which is untouched since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// The name that it has at its source.
    pub name: String,
    pub path: PathBuf,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// Everything that a machine of one architecture needs for a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefacts {
    pub version: K3sVersion,
    pub arch: Arch,
    pub binary: Artefact,
    pub installer: Artefact,
    /// Image archives; from a folder only, since machines with internet fetch images themselves.
    pub images: Vec<Artefact>,
}

/// How far a download has come, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub file: &'a str,
    pub done: u64,
    pub total: Option<u64>,
}

/// The way to K3s' files: sources, and a directory that keeps what was fetched.
pub struct Store {
    cache: PathBuf,
    sources: K3sSources,
    fetcher: Fetcher,
    /// Two machines of one architecture must not fetch one file twice at once.
    fetching: tokio::sync::Mutex<()>,
    proven: Proven,
}

const INSTALLER: &str = "install.sh";
const INSTALLER_SUM: &str = "install.sh.sha256sum";

impl Store {
    /// `cache` is created when something is fetched.
    ///
    /// # Errors
    /// [`K3sError::Download`] when this computer's TLS set-up cannot be used.
    pub fn new(cache: PathBuf, sources: K3sSources) -> Result<Self, K3sError> {
        // Two sources may call different files by one name; a rehearsal's must never end up on real machines.
        let source = sha256(format!("{}\n{}", sources.releases, sources.install).as_bytes());
        let cache = cache.join(&source[..12]);
        Ok(Self {
            cache,
            sources,
            fetcher: Fetcher::new()?,
            fetching: tokio::sync::Mutex::default(),
            proven: Proven::default(),
        })
    }

    /// Channels with the release that each points to, in the server's order.
    ///
    /// # Errors
    /// [`K3sError::Download`], also when the answer is not a channel list.
    pub async fn channels(&self) -> Result<Vec<(String, K3sVersion)>, K3sError> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Channel>,
        }
        #[derive(Deserialize)]
        struct Channel {
            id: String,
            latest: Option<String>,
        }
        let url = &self.sources.channels;
        let text = self.fetcher.text(url).await?;
        let list: List = serde_json::from_str(&text)
            .map_err(|error| K3sError::Download { url: url.clone(), cause: error.to_string() })?;
        // A channel may point to nothing yet, or to a name of a later form; both are left out.
        let release = |channel: Channel| Some((channel.id, channel.latest?.parse().ok()?));
        Ok(list.data.into_iter().filter_map(release).collect())
    }

    /// The release that a channel points to now.
    ///
    /// # Errors
    /// [`K3sError::ChannelUnknown`] with those that there are; [`K3sError::Download`].
    pub async fn resolve(&self, channel: &str) -> Result<K3sVersion, K3sError> {
        let channels = self.channels().await?;
        match channels.iter().find(|(id, _)| id == channel) {
            Some((_, version)) => Ok(version.clone()),
            None => Err(K3sError::ChannelUnknown { channel: channel.to_owned(), channels: named(channels) }),
        }
    }

    /// The release's files for one architecture: out of `folder` when given, else out of the cache or fetched.
    ///
    /// # Errors
    /// [`K3sError::VersionUnknown`] when the release page does not have it; [`K3sError::ChecksumMismatch`],
    /// after which nothing of the wrong file is kept; [`K3sError::FileMissing`] for a folder that lacks one.
    pub async fn obtain(
        &self,
        version: &K3sVersion,
        arch: Arch,
        folder: Option<&Path>,
        progress: &(dyn Fn(Progress<'_>) + Sync),
        cancel: &CancellationToken,
    ) -> Result<Artefacts, K3sError> {
        let work = async {
            match folder {
                Some(folder) => self.in_folder(folder, version, arch).await,
                None => self.fetched(version, arch, progress).await,
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(K3sError::Cancelled),
            outcome = work => outcome,
        }
    }

    /// The digests of a release for several architectures (as `uname -m` says them), without fetching the
    /// files themselves: what a preview needs. A folder is hashed, since its files are there.
    ///
    /// # Errors
    /// As [`Store::obtain`].
    pub async fn digests(
        &self,
        version: &K3sVersion,
        machines: &BTreeSet<String>,
        folder: Option<&Path>,
    ) -> Result<observed::Artefacts, K3sError> {
        let mut found = observed::Artefacts {
            installer: String::new(),
            binaries: BTreeMap::new(),
            images: BTreeMap::new(),
        };
        for machine in machines {
            let arch = Arch::from_machine(machine)?;
            let (installer, binary, images) = match folder {
                Some(folder) => {
                    let files = self.in_folder(folder, version, arch).await?;
                    let images = files.images.into_iter().map(|image| (image.name, image.sha256)).collect();
                    (files.installer.sha256, files.binary.sha256, images)
                }
                None => {
                    let (binary, installer) = self.listed(version, arch).await?;
                    (installer, binary, BTreeMap::new())
                }
            };
            found.installer = installer;
            found.binaries.insert(machine.clone(), binary);
            found.images.insert(machine.clone(), images);
        }
        Ok(found)
    }

    /// The digests of binary and installer, as the release's own lists have them.
    async fn listed(&self, version: &K3sVersion, arch: Arch) -> Result<(String, String), K3sError> {
        let directory = self.cache.join(version.to_string());
        let encoded = version.to_string().replace('+', "%2B");
        let release = format!("{}/{encoded}", self.sources.releases);
        let install = format!("{}/{encoded}", self.sources.install);
        let sums = self.list(&directory, &release, &arch.sums(), version).await?;
        let sum = self.list(&directory, &install, INSTALLER_SUM, version).await?;
        let listed = |list: &str, from: &str, name: &str| {
            listed_digest(list, name)
                .ok_or_else(|| K3sError::ChecksumMissing { file: name.to_owned(), list: from.to_owned() })
        };
        Ok((listed(&sums, &arch.sums(), arch.binary())?, listed(&sum, INSTALLER_SUM, INSTALLER)?))
    }

    async fn fetched(
        &self,
        version: &K3sVersion,
        arch: Arch,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Artefacts, K3sError> {
        let _one_at_a_time = self.fetching.lock().await;
        // A plus in a URL's path is legal, but GitHub and plain file servers want it encoded.
        let encoded = version.to_string().replace('+', "%2B");
        let directory = self.cache.join(version.to_string());
        let release = format!("{}/{encoded}", self.sources.releases);
        let install = format!("{}/{encoded}", self.sources.install);
        let (binary, installer) = self.listed(version, arch).await?;
        let fetch = async |base: &str, name: &str, sha256: &str| {
            let path = directory.join(name);
            if let Some(kept) = self.verified(&path, name, sha256).await? {
                return Ok(kept);
            }
            let fetched = self.fetcher.file(&format!("{base}/{name}"), &path, name, sha256, progress).await;
            if let Err(K3sError::ChecksumMismatch { .. }) = fetched {
                // The list may be the wrong one of the two, so the next attempt asks for both again.
                for list in [arch.sums().as_str(), INSTALLER_SUM] {
                    let _ = tokio::fs::remove_file(directory.join(list)).await;
                }
            }
            fetched
        };
        Ok(Artefacts {
            version: version.clone(),
            arch,
            binary: fetch(&release, arch.binary(), &binary).await?,
            installer: fetch(&install, INSTALLER, &installer).await?,
            images: Vec::new(),
        })
    }

    /// A list of digests. A kept one is not asked for again: a release never changes.
    async fn list(
        &self,
        directory: &Path,
        base: &str,
        name: &str,
        version: &K3sVersion,
    ) -> Result<String, K3sError> {
        let path = directory.join(name);
        if let Ok(kept) = tokio::fs::read_to_string(&path).await {
            return Ok(kept);
        }
        let Some(text) = self.fetcher.text_if_found(&format!("{base}/{name}")).await? else {
            let channels = self.channels().await.unwrap_or_default();
            return Err(K3sError::VersionUnknown { version: version.to_string(), channels: named(channels) });
        };
        let local = |path: &Path| {
            let path = path.to_owned();
            move |source| K3sError::Local { path, source }
        };
        tokio::fs::create_dir_all(directory).await.map_err(local(directory))?;
        let part = directory.join(format!("{name}.part"));
        tokio::fs::write(&part, &text).await.map_err(local(&part))?;
        tokio::fs::rename(&part, &path).await.map_err(local(&path))?;
        Ok(text)
    }

    /// A release's files where their owner has put them, each against the release's own lists.
    async fn in_folder(
        &self,
        folder: &Path,
        version: &K3sVersion,
        arch: Arch,
    ) -> Result<Artefacts, K3sError> {
        let missing = |file: &str| K3sError::FileMissing { folder: folder.to_owned(), file: file.to_owned() };
        let list =
            async |name: &str| tokio::fs::read_to_string(folder.join(name)).await.map_err(|_| missing(name));
        let sums = list(&arch.sums()).await?;
        let installer_sum = list(INSTALLER_SUM).await?;
        let take = async |name: &str, list: &str, from: &str| {
            let sha256 = listed_digest(list, name)
                .ok_or_else(|| K3sError::ChecksumMissing { file: name.to_owned(), list: from.to_owned() })?;
            let (found, size) =
                self.proven.digest_of(&folder.join(name)).await?.ok_or_else(|| missing(name))?;
            if found != sha256 {
                return Err(K3sError::ChecksumMismatch { file: name.to_owned(), expected: sha256, found });
            }
            Ok(Artefact { name: name.to_owned(), path: folder.join(name), sha256, size })
        };
        Ok(Artefacts {
            version: version.clone(),
            arch,
            binary: take(arch.binary(), &sums, &arch.sums()).await?,
            installer: take(INSTALLER, &installer_sum, INSTALLER_SUM).await?,
            images: self.images_in(folder, arch, &sums).await?,
        })
    }

    /// Every image archive in the folder that is not for another architecture. K3s' own are checked against its
    /// list; the owner's own archives have no list, so their digest only tells whether a copy is the same.
    async fn images_in(&self, folder: &Path, arch: Arch, sums: &str) -> Result<Vec<Artefact>, K3sError> {
        let local = |source| K3sError::Local { path: folder.to_owned(), source };
        let mut entries = tokio::fs::read_dir(folder).await.map_err(local)?;
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(local)? {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let archive = [".tar", ".tar.gz", ".tar.zst"].iter().any(|suffix| name.ends_with(suffix));
            let foreign = name
                .strip_prefix("k3s-airgap-images-")
                .is_some_and(|rest| rest.split('.').next() != Some(arch.word()));
            if archive && !foreign && !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        let mut images = Vec::new();
        for name in names {
            let path = folder.join(&name);
            let Some((sha256, size)) = self.proven.digest_of(&path).await? else { continue };
            if let Some(expected) = listed_digest(sums, &name)
                && expected != sha256
            {
                return Err(K3sError::ChecksumMismatch { file: name, expected, found: sha256 });
            }
            images.push(Artefact { name, path, sha256, size });
        }
        Ok(images)
    }

    /// The kept file, if it is there and right; a wrong one counts as not there.
    async fn verified(&self, path: &Path, name: &str, sha256: &str) -> Result<Option<Artefact>, K3sError> {
        Ok(self
            .proven
            .digest_of(path)
            .await?
            .filter(|(found, _)| found == sha256)
            .map(|(sha256, size)| Artefact { name: name.to_owned(), path: path.to_owned(), sha256, size }))
    }
}

/// The digest of `name` in a list of `<sha256>  <file>` lines; a `*` before the name marks binary mode.
fn listed_digest(list: &str, name: &str) -> Option<String> {
    list.lines().find_map(|line| {
        let (sha256, file) = line.split_once(char::is_whitespace)?;
        let file = file.trim().trim_start_matches('*').trim_start_matches("./");
        let digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        (file == name && digest).then(|| sha256.to_ascii_lowercase())
    })
}

/// SHA-256 as lower-case hexadecimal, for comparing with what a machine's facts say.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn named(channels: Vec<(String, K3sVersion)>) -> Vec<(String, String)> {
    channels.into_iter().map(|(id, version)| (id, version.to_string())).collect()
}

#[cfg(test)]
mod tests;
