//! `portico keys`: the keys of sealed secrets, their backup and their return.

use crate::arguments::Keys;
use crate::output::Output;
use crate::secret;
use portico_api::Api;
use portico_api::english::explain;
use portico_api::wire::{Empty, KeysFile, KeysState};
use portico_domain::problem::Problem;
use std::path::Path;
use std::process::ExitCode;

pub async fn run(api: &Api, act: Option<Keys>, output: &Output) -> Result<ExitCode, Problem> {
    match act {
        None => {
            let keys = api.keys(Empty {}).await?;
            output.show(&keys, || describe(&keys));
            return Ok(if keys.condition().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Some(Keys::Save { file }) => {
            let keys = api.keys_save(named(&file)?).await?;
            output.show(&keys, || describe(&keys));
        }
        Some(Keys::Restore { file }) => {
            let restored = api.keys_restore(named(&file)?).await?;
            output.show(&restored, || match restored.names.as_slice() {
                [] => "✓ The cluster has all of them already.".into(),
                names => format!("✓ Put back: {}", names.join(", ")),
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The file, with the passphrase that is read from the terminal or from standard input.
fn named(file: &Path) -> Result<KeysFile, Problem> {
    let passphrase = secret::read("Passphrase of the backup")?.expose().to_owned();
    Ok(KeysFile { path: file.display().to_string(), passphrase })
}

fn describe(keys: &KeysState) -> String {
    let mut lines: Vec<String> = keys
        .present
        .iter()
        .map(|name| format!("{name:<32} {}", if keys.saved.contains(name) { "saved" } else { "not saved" }))
        .collect();
    lines.extend(keys.condition().map(|condition| {
        let (what, next) = explain(&condition);
        format!("! {what}\n  {next}")
    }));
    if keys.present.is_empty() {
        lines.push("The cluster has no keys of sealed-secrets.".into());
    }
    lines.join("\n")
}
