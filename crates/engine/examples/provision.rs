//! `provision TASK [--configs FOLDER]`: the machines' side of a cluster's plan, for `bench/provision`.
//!
//! The plan is the product's own, previewed and applied by the engine; only the steps that ask the Kubernetes
//! API are left out, since the machines of the bench run no Kubernetes. TASK is the JSON that `bench/provision`
//! writes. With `--configs`, nothing is applied: each machine's config.yaml is written to FOLDER/config-NAME.yaml,
//! so that the other tools are given the very same files. Prints when each machine was done, in seconds.

use portico_domain::change::{Change, Plan};
use portico_domain::cluster;
use portico_domain::problem::Problem;
use portico_domain::run::{Run, RunState};
use portico_domain::step::{Action, Stage};
use portico_engine::{
    ConnectRequest, Endpoints, Engine, LoginMethod, Options, Pace, SecretStore, system_clock,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    user: String,
    key_file: String,
    /// A folder with K3s' release: the binary, the installer and their lists of digests.
    folder: String,
    version: String,
    machines: Vec<Machine>,
    /// Name -> fingerprint of its host key.
    fingerprints: BTreeMap<String, String>,
    /// The folder of a process that ended, so that a second run finds its pins and logins; empty at first.
    data: PathBuf,
}

#[derive(Deserialize)]
struct Machine {
    name: String,
    address: String,
    role: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let task = arguments.next().ok_or("provision TASK [--configs FOLDER]")?;
    let task: Task = serde_json::from_slice(&std::fs::read(task)?)?;
    let configs =
        arguments.next().is_some_and(|word| word == "--configs").then(|| arguments.next()).flatten();

    let engine = Engine::open(Options {
        endpoints: Endpoints::default(),
        data: task.data.clone(),
        secrets: SecretStore::in_memory(),
        clock: system_clock(),
        pace: Pace::default(),
    })
    .await?;
    let document = cluster::parse(&document(&task)).map_err(|problems| problems[0].clone())?;
    let preview = async || engine.preview(Change::BuildCluster { document: document.clone() }).await;
    if let Some(folder) = configs {
        connect(&engine, &task).await?;
        return Ok(write_configs(&preview().await?, Path::new(&folder))?);
    }
    let started = std::time::Instant::now();
    let plan = machine_side(preview().await?);
    if plan.needed().next().is_none() {
        // As `portico apply` does: nothing runs when everything is as it should be.
        println!("all {:.2}", started.elapsed().as_secs_f64());
        return Ok(());
    }
    let run = engine.apply(plan).await?;
    let run = ended(&engine, &run.id).await?;
    for machine in &task.machines {
        let last = run.steps.iter().filter(|step| step.machine.as_deref() == Some(&machine.name));
        let at = last.filter_map(|step| step.finished_at).max().unwrap_or(run.started_at) - run.started_at;
        println!("{} {:.2}", machine.name, at as f64 / 1000.0);
    }
    println!("all {:.2}", started.elapsed().as_secs_f64());
    for step in &run.steps {
        if let Some(problem) = &step.problem {
            eprintln!("{}: {problem}", step.id);
        }
    }
    if run.state == RunState::Done { Ok(()) } else { Err("the run failed".into()) }
}

fn document(task: &Task) -> String {
    let Task { version, folder, user, .. } = task;
    let head =
        format!("version: 1\nname: bench\nk3s: {{ version: {version}, folder: {folder} }}\nmachines:\n");
    let machine = |Machine { name, address, role }: &Machine| {
        format!("  - {{ name: {name}, address: {address}, role: {role}, user: {user} }}\n")
    };
    head + &task.machines.iter().map(machine).collect::<String>()
}

/// Pins each machine's key by the fingerprint that the bench read at its console.
async fn connect(engine: &Engine, task: &Task) -> Result<(), Problem> {
    for machine in &task.machines {
        let request = ConnectRequest {
            address: machine.address.clone(),
            port: None,
            user: Some(task.user.clone()),
            method: LoginMethod::KeyFile { path: task.key_file.clone() },
            password: None,
            passphrase: None,
            accept: task.fingerprints.get(&machine.name).cloned(),
            remember: false,
        };
        engine.connect(request).await?;
    }
    Ok(())
}

/// Without the steps that ask Kubernetes, and without waiting for them.
fn machine_side(mut plan: Plan) -> Plan {
    plan.steps.retain(|planned| {
        matches!(
            planned.step.stage,
            Stage::EnableMemoryCgroup
                | Stage::CopyK3s
                | Stage::Configure
                | Stage::InstallServer
                | Stage::JoinServer
                | Stage::JoinAgent
        )
    });
    let kept: BTreeSet<String> = plan.steps.iter().map(|planned| planned.step.id.clone()).collect();
    for planned in &mut plan.steps {
        planned.step.needs.retain(|need| kept.contains(need));
    }
    plan
}

fn write_configs(plan: &Plan, folder: &Path) -> std::io::Result<()> {
    for planned in &plan.steps {
        if let Action::Configure { machine, config, .. } = &planned.step.action {
            std::fs::write(folder.join(format!("config-{machine}.yaml")), config)?;
        }
    }
    Ok(())
}

async fn ended(engine: &Engine, id: &str) -> Result<Run, Problem> {
    loop {
        let run = engine.run(id).await?;
        if run.state != RunState::Running {
            return Ok(run);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
