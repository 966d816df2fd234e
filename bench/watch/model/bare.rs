//! The shortest way to a change that there is: the stream of a watch, read as bytes.

use crate::Failure;
use crate::server::Server;
use futures::StreamExt;
use reqwest::Method;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio_util::task::AbortOnDropHandle;

const SLICES: &str = "/apis/discovery.k8s.io/v1/endpointslices";

/// The name of an endpoint's pod, by which a change is known again.
pub fn word(change: u64) -> String {
    format!("word-{change}-")
}

pub struct Bare {
    /// By change, when it was read.
    read: Arc<Mutex<HashMap<u64, Instant>>>,
    task: AbortOnDropHandle<()>,
}

impl Bare {
    /// Reads all slices of the server from now on.
    pub async fn read(server: &Server) -> Result<Self, Failure> {
        let now = server.call(Method::GET, &format!("{SLICES}?limit=1"), None).await?;
        let version = now["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let watch = format!("{SLICES}?watch=true&timeoutSeconds=7200&resourceVersion={version}");
        let mut pieces = server.open(&watch).await?.bytes_stream();
        let read: Arc<Mutex<HashMap<u64, Instant>>> = Arc::default();
        let noted = read.clone();
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Some(Ok(piece)) = pieces.next().await {
                held.extend_from_slice(&piece);
                let Some(end) = held.iter().rposition(|byte| *byte == b'\n') else { continue };
                let now = Instant::now();
                let lines: Vec<u8> = held.drain(..=end).collect();
                let text = String::from_utf8_lossy(&lines);
                let changes =
                    text.split("\"word-").skip(1).filter_map(|rest| rest.split('-').next()?.parse().ok());
                noted.lock().expect("nobody panics").extend(changes.map(|change: u64| (change, now)));
            }
        });
        Ok(Self { read, task: AbortOnDropHandle::new(task) })
    }

    /// What was read until now. Fails where the stream has ended: what is missing then says nothing.
    pub fn ended(self) -> Result<HashMap<u64, Instant>, Failure> {
        if self.task.is_finished() {
            return Err("the bare reader's stream has ended".into());
        }
        Ok(std::mem::take(&mut *self.read.lock().expect("nobody panics")))
    }
}
