//! The scripts that run on machines, each a file of its own beside this one.
//!
//! Their first line names them, their values come on stdin, and their exit statuses mean the same everywhere:
//! 0 done, 10 refused, 20 wrong digest, 28 no space, 30 the service did not start.

use crate::ssh::Script;

macro_rules! script {
    ($name:literal) => {
        Script { name: $name, text: include_str!(concat!("scripts/", $name, ".sh")) }
    };
}

pub const FACTS: Script = script!("facts");
pub const PLACE_FILE: Script = script!("place-file");
pub const CONFIGURE: Script = script!("configure");
pub const INSTALL: Script = script!("install");
pub const TOKEN: Script = script!("token");
pub const KUBECONFIG: Script = script!("kubeconfig");
pub const JOURNAL: Script = script!("journal");
pub const CGROUP_FIX: Script = script!("cgroup-fix");
pub const REBOOT: Script = script!("reboot");
pub const REMOVE_PART: Script = script!("remove-part");

/// Every script, for those who have to know them all.
pub const ALL: [Script; 10] =
    [FACTS, PLACE_FILE, CONFIGURE, INSTALL, TOKEN, KUBECONFIG, JOURNAL, CGROUP_FIX, REBOOT, REMOVE_PART];

#[cfg(test)]
mod tests;
