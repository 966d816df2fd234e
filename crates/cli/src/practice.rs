//! `portico practice serve`: a homelab inside this computer, for rehearsals and for other clients.

use crate::arguments::Practice as Command;
use crate::output::Output;
use portico_domain::problem::{Code, Problem};
use portico_practice::{Practice, PracticeOptions};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

pub async fn run(command: Command, output: &Output) -> Result<ExitCode, Problem> {
    let Command::Serve { write, keep } = command;
    let practice = Practice::start(PracticeOptions { keep, ..Default::default() })
        .await
        .map_err(|error| Problem::new(Code::PracticeFailed).detail(error))?;
    let described = practice.describe();
    if let Some(folder) = &write {
        write_files(folder, &described)
            .map_err(|error| Problem::new(Code::StoreFailed).arg("path", folder.display()).detail(error))?;
    }
    output.show(&described, || describe(&described, write.as_deref()));
    // It lives until it is asked to end, by the terminal or by a supervisor.
    wait_for_end().await;
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
async fn wait_for_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn wait_for_end() {
    let _ = tokio::signal::ctrl_c().await;
}

/// The files that the rest of the commands take; what is secret is readable by its owner alone.
fn write_files(folder: &Path, described: &Value) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("endpoints.json"), format!("{:#}\n", described["endpoints"]))?;
    std::fs::write(folder.join("cluster.yaml"), cluster_yaml(described))?;
    for (file, name) in [("token", "cloudflareToken"), ("cluster-token", "clusterToken")] {
        private(&folder.join(file), described[name].as_str().unwrap_or_default())?;
    }
    let password = described["machines"]
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|machine| machine["password"].as_str());
    private(&folder.join("password"), password.unwrap_or_default())
}

fn private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, format!("{text}\n").as_bytes())
}

/// A document over the machines that fit: the first is the server.
fn cluster_yaml(described: &Value) -> String {
    let mut text = String::from("version: 1\nname: home\nk3s: { channel: stable }\nmachines:\n");
    let machines = described["machines"].as_array().into_iter().flatten();
    let fit = machines.filter(|machine| {
        machine["name"].as_str().is_some_and(|name| name.starts_with("pi-") || name.starts_with("nuc-"))
    });
    for (index, machine) in fit.enumerate() {
        let word = |key: &str| machine[key].as_str().unwrap_or_default();
        let role = if index == 0 { "server" } else { "agent" };
        text.push_str(&format!(
            "  - {{ name: {}, address: {}, role: {role}, user: {} }}\n",
            word("name"),
            word("address"),
            word("user")
        ));
    }
    text
}

fn describe(described: &Value, folder: Option<&Path>) -> String {
    let mut text =
        String::from("The practice homelab is up. Nothing here is real, and nothing leaves this computer.\n");
    for machine in described["machines"].as_array().into_iter().flatten() {
        let word = |key: &str| machine[key].as_str().unwrap_or("-").to_owned();
        text.push_str(&format!(
            "  {:<8} {:<12} user {:<6} password {:<12} {}\n",
            word("name"),
            word("address"),
            word("user"),
            word("password"),
            word("note")
        ));
    }
    match folder {
        Some(folder) => {
            let path = folder.join("endpoints.json");
            text.push_str(&format!("Point Portico at it: portico --endpoints {} scan", path.display()));
        }
        None => {
            text.push_str("Start it with --write FOLDER to get the files that portico --endpoints takes.")
        }
    }
    text.push_str("\nCtrl-C ends it.");
    text
}
