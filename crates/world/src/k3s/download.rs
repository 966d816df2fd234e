//! Fetching one file: continued after a break, proven by its digest, under its real name only when complete.
//!
//! The bytes go to `NAME.part` first. What is left there by a break is continued if the server can; a digest
//! that is wrong after a continuation is given one fresh start, since the old part may be of another file.

use super::artefacts::{Artefact, Progress, digest_of};
use super::error::K3sError;
use reqwest::{Client, Response, StatusCode, header};
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

pub(super) struct Fetcher(Client);

/// Lists and channel answers are small; more is not what was asked for.
const TEXT_LIMIT: usize = 1024 * 1024;

impl Fetcher {
    pub fn new() -> Result<Self, K3sError> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            // Between two pieces, not for the whole: 70 MB may take long on a slow line.
            .read_timeout(Duration::from_secs(30))
            .user_agent(concat!("portico/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| K3sError::Download { url: String::new(), cause: cause(&error) })?;
        Ok(Self(client))
    }

    /// A small text that has to be there.
    pub async fn text(&self, url: &str) -> Result<String, K3sError> {
        match self.text_if_found(url).await? {
            Some(text) => Ok(text),
            None => Err(K3sError::Download { url: url.to_owned(), cause: "404 Not Found".into() }),
        }
    }

    /// A small text, or nothing where the server says 404.
    pub async fn text_if_found(&self, url: &str) -> Result<Option<String>, K3sError> {
        let mut response = self.get(url, 0).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        response = succeeded(url, response)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, &error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > TEXT_LIMIT {
                return Err(K3sError::Download {
                    url: url.to_owned(),
                    cause: "the answer is too long".into(),
                });
            }
        }
        let not_text = |_| K3sError::Download { url: url.to_owned(), cause: "the answer is no text".into() };
        String::from_utf8(bytes).map(Some).map_err(not_text)
    }

    /// A file of any size, at `path` only when its digest is `sha256`.
    pub async fn file(
        &self,
        url: &str,
        path: &Path,
        name: &str,
        sha256: &str,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Artefact, K3sError> {
        let part = path.with_file_name(format!("{name}.part"));
        let local = |source| K3sError::Local { path: part.clone(), source };
        loop {
            let kept = tokio::fs::metadata(&part).await.map(|found| found.len()).unwrap_or(0);
            self.continue_part(url, &part, name, kept, progress).await?;
            let Some((found, size)) = digest_of(&part).await? else { continue };
            if found == sha256 {
                tokio::fs::rename(&part, path).await.map_err(local)?;
                return Ok(Artefact { name: name.to_owned(), path: path.to_owned(), sha256: found, size });
            }
            tokio::fs::remove_file(&part).await.map_err(local)?;
            if kept == 0 {
                let expected = sha256.to_owned();
                return Err(K3sError::ChecksumMismatch { file: name.to_owned(), expected, found });
            }
        }
    }

    async fn continue_part(
        &self,
        url: &str,
        part: &Path,
        name: &str,
        kept: u64,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), K3sError> {
        let local = |source| K3sError::Local { path: part.to_owned(), source };
        let response = self.get(url, kept).await?;
        if kept > 0 && response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            // Nothing comes after what is kept: it is complete, or of another file; the digest will tell.
            return Ok(());
        }
        let mut response = succeeded(url, response)?;
        let start = if response.status() == StatusCode::PARTIAL_CONTENT { kept } else { 0 };
        let total = response.content_length().map(|rest| start + rest);
        let mut options = tokio::fs::OpenOptions::new();
        options.create(true).append(start > 0).write(true).truncate(start == 0);
        let mut file = options.open(part).await.map_err(local)?;
        let mut done = start;
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, &error))? {
            file.write_all(&chunk).await.map_err(local)?;
            done += chunk.len() as u64;
            progress(Progress { file: name, done, total });
        }
        file.sync_all().await.map_err(local)
    }

    async fn get(&self, url: &str, from: u64) -> Result<Response, K3sError> {
        let mut request = self.0.get(url);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request.send().await.map_err(|error| failed(url, &error))
    }
}

fn succeeded(url: &str, response: Response) -> Result<Response, K3sError> {
    if response.status().is_success() {
        return Ok(response);
    }
    Err(K3sError::Download { url: url.to_owned(), cause: response.status().to_string() })
}

fn failed(url: &str, error: &reqwest::Error) -> K3sError {
    K3sError::Download { url: url.to_owned(), cause: cause(error) }
}

/// reqwest's own words are "error sending request"; the reason is further down the chain.
fn cause(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
