//! Performing one step: one match arm per action, each a call into `world`.
//!
//! No arm decides whether it is needed or whether it worked: the step's predicate did and will. What an arm
//! has to tell goes to the step's log through [`Progress`].

mod names;
mod objects;

use crate::Engine;
use portico_domain::cluster::{ClusterDocument, Release, Role};
use portico_domain::credential::Secret;
use portico_domain::observed::Observed;
use portico_domain::problem::{Code, Problem};
use portico_domain::step::{Action, BINARY_PATH, CONTROL_PLANE_TAINT, INSTALLER_PATH, PlacedFile};
use portico_world::k3s::{self, Arch, K3sError, Place};
use portico_world::ssh::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where a step tells what it does and how far it is.
pub struct Progress {
    pub log: Box<dyn Fn(String) + Send + Sync>,
    /// 0 to 1.
    pub part: Arc<dyn Fn(f32) + Send + Sync>,
}

/// What performing may look at besides the action itself.
pub struct Scene<'a> {
    pub document: &'a ClusterDocument,
    /// As of the predicate's last look.
    pub observed: &'a Observed,
    pub progress: &'a Progress,
    pub cancel: &'a CancellationToken,
}

/// How long a machine may take to come back after a restart.
const REBOOT_LIMIT: Duration = Duration::from_secs(300);

impl Engine {
    pub(crate) async fn perform(&self, action: &Action, scene: &Scene<'_>) -> Result<(), Problem> {
        match action {
            Action::EnableMemoryCgroup { machine } => self.enable_memory_cgroup(machine, scene).await,
            Action::CopyK3s { machine, arch, files, .. } => self.copy_k3s(machine, arch, files, scene).await,
            Action::Configure { machine, server, config, token_from, .. } => {
                self.configure(machine, role(*server), config, token_from.as_deref(), scene).await
            }
            Action::Install { machine, server, .. } => {
                let session = self.machine_session(machine, Some(scene.document)).await?;
                k3s::install(&session, role(*server), scene.cancel)
                    .await
                    .map(drop)
                    .map_err(|error| failed(&error, machine, scene.progress))
            }
            Action::FetchKubeconfig { machine, .. } => self.fetch_kubeconfig(machine, scene).await,
            // These come true by themselves, or are tried by their predicate.
            Action::NodeReady { .. }
            | Action::Traefik { .. }
            | Action::Certificate { .. }
            | Action::TryController { .. }
            | Action::LanPath { .. }
            | Action::PublicPath { .. } => Ok(()),
            Action::LabelNode { node, label, value } => {
                let kube = self.inner.outside.kube().await?;
                kube.label_node(node, label, value.as_deref()).await.map_err(|error| Problem::from(&error))
            }
            Action::Taint { node, wanted } => {
                let kube = self.inner.outside.kube().await?;
                kube.taint_node(node, CONTROL_PLANE_TAINT, "NoSchedule", *wanted)
                    .await
                    .map_err(|error| Problem::from(&error))
            }
            Action::Chart { .. } | Action::Apply { .. } | Action::Cloudflared { .. } => {
                self.apply_object(action, scene).await
            }
            Action::Delete { key } => self.delete_object(key, scene).await,
            Action::SealToken => self.seal_token().await,
            Action::Tunnel { .. }
            | Action::TunnelSecret { .. }
            | Action::DeleteTunnel { .. }
            | Action::Routes { .. }
            | Action::Access { .. }
            | Action::Records { .. } => self.at_cloudflare(action, scene).await,
        }
    }

    async fn enable_memory_cgroup(&self, machine: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let session = self.machine_session(machine, Some(scene.document)).await?;
        let told = |error: K3sError| failed(&error, machine, scene.progress);
        let line = k3s::cgroup_fix(&session, scene.cancel).await.map_err(told)?;
        (scene.progress.log)(format!("kernel command line: {line}"));
        let before = k3s::reboot(&session, scene.cancel).await.map_err(told)?;
        (scene.progress.log)("restarting".into());
        self.await_reboot(machine, &before, scene).await
    }

    async fn await_reboot(&self, machine: &str, before: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let address = scene.document.machine(machine).map(|found| found.address.clone()).unwrap_or_default();
        let back = async {
            loop {
                self.inner.outside.drop_session(&address).await;
                if let Ok(session) = self.machine_session(machine, Some(scene.document)).await
                    && boot_id(&session).await.is_some_and(|id| id != before)
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::select! {
            () = back => Ok(()),
            () = scene.cancel.cancelled() => Err(Problem::new(Code::Cancelled)),
            () = tokio::time::sleep(REBOOT_LIMIT) => Err(Problem::new(Code::RebootTimedOut).arg("machine", machine)),
        }
    }

    async fn copy_k3s(
        &self,
        machine: &str,
        arch: &str,
        files: &[PlacedFile],
        scene: &Scene<'_>,
    ) -> Result<(), Problem> {
        let told = |error: K3sError| failed(&error, machine, scene.progress);
        let Release::Version(version) = &scene.document.k3s.release else {
            return Err(Problem::new(Code::Internal).detail("a channel where a version was planned"));
        };
        let folder = scene.document.k3s.folder.as_deref().map(std::path::Path::new);
        let arch = Arch::from_machine(arch).map_err(told)?;
        let artefacts = self
            .inner
            .outside
            .k3s
            .obtain(version, arch, folder, &|_| {}, scene.cancel)
            .await
            .map_err(told)?;
        let session = self.machine_session(machine, Some(scene.document)).await?;
        let held = scene.observed.facts(machine).map(|facts| &facts.k3s);
        let all = [(Place::Installer, &artefacts.installer), (Place::Binary, &artefacts.binary)];
        let images = artefacts.images.iter().map(|image| (Place::Images, image));
        for (place, artefact) in all.into_iter().chain(images) {
            let planned = files.iter().find(|file| is_at(file, place, &artefact.name));
            // What was previewed is what is copied: a mirror that changed in between is refused.
            if let Some(file) = planned.filter(|file| file.sha256 != artefact.sha256) {
                return Err(Problem::new(Code::ChecksumMismatch)
                    .arg("file", &artefact.name)
                    .arg("expected", &file.sha256)
                    .arg("found", &artefact.sha256));
            }
            let there = match place {
                Place::Installer => held.and_then(|k3s| k3s.installer.as_ref()),
                Place::Binary => held.and_then(|k3s| k3s.binary.as_ref()),
                Place::Images => held
                    .and_then(|k3s| k3s.images.iter().find(|image| image.name == artefact.name))
                    .map(|image| &image.sha256),
            };
            if there == Some(&artefact.sha256) {
                continue;
            }
            (scene.progress.log)(format!(
                "copying {} ({} MiB)",
                artefact.name,
                artefact.size.div_ceil(1 << 20)
            ));
            let (part, size) = (scene.progress.part.clone(), artefact.size.max(1));
            let progress = move |sent: u64| part(sent as f32 / size as f32);
            k3s::place(&session, artefact, place, progress, scene.cancel).await.map_err(told)?;
        }
        Ok(())
    }

    async fn configure(
        &self,
        machine: &str,
        role: Role,
        config: &str,
        token_from: Option<&str>,
        scene: &Scene<'_>,
    ) -> Result<(), Problem> {
        let told = |error: K3sError| failed(&error, machine, scene.progress);
        let token = match token_from {
            Some(server) => {
                let session = self.machine_session(server, Some(scene.document)).await?;
                Some(k3s::token(&session, scene.cancel).await.map_err(told)?)
            }
            None => None,
        };
        let session = self.machine_session(machine, Some(scene.document)).await?;
        k3s::configure(&session, role, config, token.as_ref(), scene.cancel).await.map(drop).map_err(told)
    }

    async fn fetch_kubeconfig(&self, machine: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let told = |error: &K3sError| failed(error, machine, scene.progress);
        let text = self.kubeconfig_of(machine, scene.document, told, scene.cancel).await?;
        self.inner.outside.set_kubeconfig(&text).await
    }

    /// The kubeconfig as the server has it now, for the address by which this computer just reached it, whatever name it was
    /// given.
    pub(crate) async fn kubeconfig_of(
        &self,
        server: &str,
        document: &ClusterDocument,
        told: impl Fn(&K3sError) -> Problem,
        cancel: &CancellationToken,
    ) -> Result<Secret, Problem> {
        let session = self.machine_session(server, Some(document)).await?;
        let text = k3s::kubeconfig(&session, cancel).await.map_err(|error| told(&error))?;
        self.inner.outside.pointed_at(session.peer().ip(), &text)
    }
}

async fn boot_id(session: &Session) -> Option<String> {
    let (reading, _) = k3s::gather(session, k3s::Part::K3s, &|| 0, &CancellationToken::new()).await.ok()?;
    reading.facts.boot_id
}

fn role(server: bool) -> Role {
    if server { Role::Server } else { Role::Agent }
}

fn is_at(file: &PlacedFile, place: Place, name: &str) -> bool {
    match place {
        Place::Installer => file.path == INSTALLER_PATH,
        Place::Binary => file.path == BINARY_PATH,
        Place::Images => file.artefact == name,
    }
}

/// The problem of a failed script; what it printed goes to the step's log, line by line.
fn failed(error: &K3sError, machine: &str, progress: &Progress) -> Problem {
    match error {
        K3sError::ServiceDidNotStart { journal, .. } => {
            journal.iter().for_each(|line| (progress.log)(line.clone()))
        }
        K3sError::ScriptFailed { said, .. } => said.lines().for_each(|line| (progress.log)(line.to_owned())),
        _ => {}
    }
    Problem::from(error).arg("machine", machine)
}
