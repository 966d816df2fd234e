//! K3s: its files, the scripts that put them on machines, and what its journal means.
//!
//! Files come from the project's releases, a mirror or a folder, and are used only when their digest is right
//! ([`Store`]). Machines are changed only by the named scripts, over [`crate::ssh`]; each function here is one
//! script with its values and its refusals. Deciding whether anything has to be done is not here: the engine
//! compares facts with the plan.

mod artefacts;
mod download;
mod error;
mod journal;
mod machine;
pub mod scripts;

pub use artefacts::{Arch, Artefact, Artefacts, K3sSources, Progress, Store, sha256};
pub use error::K3sError;
pub use journal::{Diagnosis, diagnose};
pub use machine::{
    Configured, Installed, Part, Place, cgroup_fix, configure, gather, install, journal, kubeconfig, place,
    reboot, remove_part, token,
};
