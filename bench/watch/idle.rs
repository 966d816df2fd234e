//! `idle [--services N] [--minutes N]`: what it costs to keep watch while nothing happens.
//!
//! The homelab is practice, in this process; `portico status --watch`, built beside this program, is what is measured. Half
//! of the services are public and behind a login, the others have certificates.

use portico_domain::change::Change;
use portico_domain::dns::Hostname;
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_practice::cloudflare::PORTICO_TOKEN;
use portico_practice::fault::Service;
use portico_tests::trust::field::Field;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

type Failure = Box<dyn Error>;

/// The first look and the first deeper one belong to no idle minute.
const SETTLE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (mut services, mut minutes) = (60, 10);
    for pair in words.chunks(2) {
        match pair {
            [name, count] if name == "--services" => services = count.parse()?,
            [name, count] if name == "--minutes" => minutes = count.parse()?,
            _ => return Err("idle [--services N] [--minutes N]".into()),
        }
    }
    let field = Field::build().await;
    let process = field.begin().await;
    for number in 0..services {
        expose(&process, number).await?;
    }
    let data = process.data.clone();
    drop(process);

    let endpoints = data.join("endpoints.json");
    std::fs::write(&endpoints, field.practice.endpoints().to_string())?;
    let portico = std::env::current_exe()?.ancestors().nth(2).ok_or("a folder")?.join("portico");
    let mut watch = Command::new(portico)
        .arg("--endpoints")
        .arg(&endpoints)
        .arg("--data")
        .arg(&data)
        .args(["status", "--watch", "--ask-token"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    writeln!(watch.stdin.take().ok_or("its input")?, "{PORTICO_TOKEN}")?;
    tokio::time::sleep(SETTLE).await;
    field.practice.faults.forget_calls();
    let before = seconds(watch.id())?;
    tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
    let used = seconds(watch.id())? - before;
    let calls = field.practice.faults.calls();
    let memory = pss(watch.id())?;
    watch.kill()?;
    watch.wait()?;

    let calls = calls.into_iter().filter(|call| call.service == Service::Cloudflare).map(|call| call.call);
    let mut kinds = BTreeMap::<String, usize>::new();
    for call in calls {
        *kinds.entry(kind(&call)).or_default() += 1;
    }
    let rate = |count: usize| count as f64 / minutes as f64;
    println!("| {services} services, {minutes} minutes | measured | goal |\n|---|---|---|");
    println!("| processor | {:.2} % of a core | 1 % |", 100.0 * used / (60 * minutes) as f64);
    println!("| memory (PSS) | {:.1} MiB | |", memory / 1024.0);
    println!("| calls to Cloudflare | {:.1} a minute | 5 |", rate(kinds.values().sum()));
    for (kind, count) in kinds {
        println!("| `{kind}` | {:.1} a minute | |", rate(count));
    }
    Ok(())
}

async fn expose(process: &portico_tests::trust::process::Process, number: usize) -> Result<(), Failure> {
    let (reach, access) = match number % 2 {
        0 => (Reach::Lan, Vec::new()),
        _ => (Reach::Public, vec!["me@example.test".to_owned()]),
    };
    let name = format!("echo-{number}");
    let exposure = Exposure {
        hostname: Hostname::parse(&format!("{name}.example.test")).map_err(|problem| problem.to_string())?,
        name,
        reach,
        tls: Tls::Terminated,
        access,
        backend: Backend::Echo { image: "docker.io/traefik/whoami:v1.11.0".into() },
    };
    let change = Change::Expose { exposure, adopt: false, accept_retired: true };
    let outcome = process.try_change(&change).await.map_err(|_| "it was killed")?;
    if outcome.is_done() { Ok(()) } else { Err(format!("{:?}", outcome.problems()).into()) }
}

/// Processor time of a process so far.
fn seconds(process: u32) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = text.rsplit_once(')').ok_or("a name")?.1.split_whitespace().collect();
    let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // Linux has had 100 ticks a second for programs on every architecture since 2.6.
    Ok(ticks / 100.0)
}

/// Memory of its own and its share of what it shares, KiB.
fn pss(process: u32) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("no Pss")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// A call without its ids and its query.
fn kind(call: &str) -> String {
    let path = call.split('?').next().unwrap_or(call);
    let id = |part: &&str| part.len() >= 32;
    path.split('/').map(|part| if id(&part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}
