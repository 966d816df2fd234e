//! What can go wrong with K3s' files and on the machines, each failed intent told apart.

use super::journal::Diagnosis;
use crate::ssh::SshError;
use portico_domain::problem::{Code, Problem};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum K3sError {
    // Files
    #[error("cannot fetch {url}: {cause}")]
    Download { url: String, cause: String },
    #[error("{file} has digest {found}, not {expected}")]
    ChecksumMismatch { file: String, expected: String, found: String },
    #[error("{list} has no digest for {file}")]
    ChecksumMissing { file: String, list: String },
    #[error("there is no K3s {version}")]
    VersionUnknown {
        version: String,
        /// Channel and release, as far as the channel server could be asked.
        channels: Vec<(String, String)>,
    },
    #[error("there is no channel {channel}")]
    ChannelUnknown { channel: String, channels: Vec<(String, String)> },
    #[error("{file} is not in {folder}")]
    FileMissing { folder: PathBuf, file: String },
    #[error("no K3s is made for {arch}")]
    ArchUnsupported { arch: String },
    #[error("cannot use {path}: {source}")]
    Local { path: PathBuf, source: std::io::Error },
    #[error("cancelled")]
    Cancelled,

    // Machines
    #[error(transparent)]
    Ssh(#[from] SshError),
    #[error("{script} refused: {reason}")]
    Refused { script: &'static str, reason: String, text: String },
    #[error("no space left on the machine for {file}")]
    NoSpaceLeft { file: String, said: String },
    #[error("{unit} did not start: {said}")]
    ServiceDidNotStart { unit: &'static str, said: String, journal: Vec<String>, likely: Option<Diagnosis> },
    #[error("{script} failed with status {status}")]
    ScriptFailed { script: &'static str, status: u32, said: String },
    #[error("{script} answered something else than expected: {missing}")]
    ReplyMalformed { script: &'static str, missing: &'static str },
}

impl From<&K3sError> for Problem {
    fn from(error: &K3sError) -> Self {
        use K3sError as E;
        match error {
            E::Download { url, cause } => Problem::new(Code::DownloadFailed).arg("url", url).detail(cause),
            E::ChecksumMismatch { file, expected, found } => Problem::new(Code::ChecksumMismatch)
                .arg("file", file)
                .arg("expected", expected)
                .arg("found", found),
            E::ChecksumMissing { file, list } => {
                Problem::new(Code::ChecksumMissing).arg("file", file).arg("list", list)
            }
            E::VersionUnknown { version, channels } => {
                Problem::new(Code::VersionUnknown).arg("version", version).arg("channels", listed(channels))
            }
            E::ChannelUnknown { channel, channels } => {
                Problem::new(Code::ChannelUnknown).arg("channel", channel).arg("channels", listed(channels))
            }
            E::FileMissing { folder, file } => {
                Problem::new(Code::ArtefactMissing).arg("folder", folder.display()).arg("file", file)
            }
            E::ArchUnsupported { arch } => Problem::new(Code::ArchUnsupported).arg("arch", arch),
            E::Local { path, source } => {
                let full = source.kind() == std::io::ErrorKind::StorageFull;
                let code = if full { Code::NoSpaceLeft } else { Code::CacheUnusable };
                Problem::new(code).arg("file", path.display()).arg("where", "here").detail(source)
            }
            E::Cancelled => Problem::new(Code::Cancelled),
            E::Ssh(error) => Problem::from(error),
            E::Refused { script, reason, text } => {
                let code = if reason == "foreign-k3s" { Code::ForeignK3s } else { Code::ScriptRefused };
                Problem::new(code).arg("script", script).arg("reason", reason).detail(text)
            }
            E::NoSpaceLeft { file, said } => {
                Problem::new(Code::NoSpaceLeft).arg("file", file).arg("where", "machine").detail(said)
            }
            E::ServiceDidNotStart { unit, said, journal, likely } => {
                let problem = Problem::new(Code::ServiceDidNotStart).arg("unit", unit).arg("said", said);
                let problem = problem.detail(journal.join("\n"));
                likely.as_ref().map_or(problem.clone(), |likely| likely.explain(problem))
            }
            E::ScriptFailed { script, status, said } => {
                Problem::new(Code::ScriptFailed).arg("script", script).arg("status", status).detail(said)
            }
            E::ReplyMalformed { script, missing } => {
                Problem::new(Code::ScriptFailed).arg("script", script).arg("missing", missing).detail(error)
            }
        }
    }
}

fn listed(channels: &[(String, String)]) -> String {
    let each = |(channel, release): &(String, String)| format!("{channel} = {release}");
    channels.iter().map(each).collect::<Vec<_>>().join(", ")
}
