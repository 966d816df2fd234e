//! `model [--pods N] [--seconds N] [--cuts N] [--informers PROGRAM]`: the model of a large cluster beside client-go's
//! informers, on a genuine API server.
//!
//! What a pod takes, what all takes, what listing takes at the most; how long a change takes to arrive while a thousand
//! a second come; whether the model is still what a full list says after connections were cut, versions were too old and
//! bookmarks were kept; and what it costs when nothing happens.

mod bare;
mod line;
mod memory;
mod server;

use bare::Bare;
use line::Line;
use portico_domain::credential::Secret;
use portico_world::kube::{Kube, Model};
use portico_world::pace::Pace;
use reqwest::Method;
use serde_json::{Value, json};
use server::{NAMESPACES, SERVICES, Server, namespace, service, slice, slices};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

#[global_allocator]
static COUNTING: memory::Counting = memory::Counting;

pub type Failure = Box<dyn Error + Send + Sync>;

/// Of the server's own, the default namespace has one: `kubernetes`, with its slice.
const OWN: usize = 1;

struct Wish {
    pods: usize,
    seconds: u64,
    cuts: usize,
    quiet: u64,
    informers: Option<String>,
}

fn wish() -> Result<Wish, Failure> {
    let mut wish = Wish { pods: 10_000, seconds: 60, cuts: 500, quiet: 60, informers: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or("every option has a value")?;
        match word.as_str() {
            "--pods" => wish.pods = value.parse()?,
            "--seconds" => wish.seconds = value.parse()?,
            "--cuts" => wish.cuts = value.parse()?,
            "--quiet" => wish.quiet = value.parse()?,
            "--informers" => wish.informers = Some(value),
            _ => {
                return Err(
                    "model [--pods N] [--seconds N] [--cuts N] [--quiet N] [--informers PROGRAM]".into()
                );
            }
        }
    }
    Ok(wish)
}

/// A model that is being followed.
struct Followed {
    model: Arc<Model>,
    changes: Arc<AtomicUsize>,
    changed: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Followed {
    fn of(kube: &Kube) -> Self {
        let model = Arc::new(Model::default());
        let (changes, changed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (kube, followed, count, notify) = (kube.clone(), model.clone(), changes.clone(), changed.clone());
        let task = tokio::spawn(async move {
            loop {
                let told = || {
                    count.fetch_add(1, Ordering::Relaxed);
                    notify.notify_one();
                };
                followed.follow(&kube, told).await;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        });
        Self { model, changes, changed, _task: AbortOnDropHandle::new(task) }
    }

    /// Waits until all kinds were listed to their end.
    async fn whole(&self, pods: usize) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let held = self.model.nodes().is_some() && self.model.services().is_some();
            let held = held && self.model.endpoints("default", "kubernetes").is_some();
            if held && self.model.pods("default", "").is_some() && self.model.sizes()[3] == pods {
                return Ok(());
            }
            if began.elapsed() > Duration::from_secs(300) {
                return Err(format!("it is not whole: {:?}", self.model.sizes()).into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn connect(server: &Server, address: &str) -> Result<Kube, Failure> {
    Ok(Kube::connect(&Secret::new(server.kubeconfig(address)), Pace::default()).await?)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let wish = wish()?;
    let server = Server::start().await?;
    server.fill().await?;
    let kube = connect(&server, &server.base).await?;
    kube.version().await?;
    // The first connection of each kind takes what later ones find.
    let (_, without) = held(&kube, 0).await?;
    server.pods(wish.pods).await?;
    let one =
        server.call(Method::GET, &format!("/api/v1/namespaces/{}/pods?limit=1", namespace(0)), None).await?;
    println!("a pod is {} bytes of JSON", one["items"][0].to_string().len());
    println!("\n| what | measured | goal |\n|---|---|---|");
    let (most, all) = held(&kube, wish.pods).await?;
    let kib = |bytes: usize| bytes as f64 / 1_024.0;
    println!("| bytes held of a pod | {} | 300 |", all.saturating_sub(without) / wish.pods.max(1));
    println!(
        "| {} pods, {SERVICES} Services, {} endpoints held | {:.0} KiB | 40 MB |",
        wish.pods,
        server::ENDPOINTS,
        kib(all)
    );
    println!(
        "| at the most while they were listed | {:.0} KiB, {:.2} times | 1.3 times |",
        kib(most),
        most as f64 / all as f64
    );
    if let Some(informers) = &wish.informers {
        peers(&server, informers, &wish).await?;
    }
    let mut bad = all > 40_000_000 || most * 10 > all * 13 || all.saturating_sub(without) > 300 * wish.pods;
    bad |= !soon(&server, &kube, wish.seconds, wish.pods).await?;
    bad |= !same_after(&server, wish.cuts, wish.pods).await?;
    bad |= !quiet(&kube, wish.quiet, wish.pods).await?;
    if bad { Err("a goal was missed".into()) } else { Ok(()) }
}

/// What a fresh model takes at the most while it is filled, and afterwards.
async fn held(kube: &Kube, pods: usize) -> Result<(usize, usize), Failure> {
    let before = memory::live();
    memory::peak();
    let followed = Followed::of(kube);
    followed.whole(pods).await?;
    let most = memory::peak().saturating_sub(before);
    // What was read from has gone by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok((most, memory::live().saturating_sub(before)))
}

/// A change in the model.
struct Arrival {
    change: u64,
    written: Instant,
    held: Instant,
}

/// How long changes take to the model at a thousand a second: from the moment at which they are written, and from that at
/// which a bare reader of the same stream has them, which leaves out what the server itself takes.
async fn soon(server: &Server, kube: &Kube, seconds: u64, pods: usize) -> Result<bool, Failure> {
    const EACH_SECOND: u64 = 1_000;
    const LOOK: Duration = Duration::from_millis(3);
    let followed = Followed::of(kube);
    followed.whole(pods).await?;
    // By the number of the Service: which change is on its way, and since when.
    let waiting: Arc<Mutex<BTreeMap<usize, (u64, Instant)>>> = Arc::default();
    let taken: Arc<Mutex<Vec<Arrival>>> = Arc::default();
    let bare = Bare::read(server).await?;
    let (expected, noted, model) = (waiting.clone(), taken.clone(), followed.model.clone());
    let changed = followed.changed.clone();
    let watching = AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            changed.notified().await;
            {
                let now = Instant::now();
                let mut expected = expected.lock().expect("nobody panics");
                let mut noted = noted.lock().expect("nobody panics");
                expected.retain(|n, (change, since)| {
                    let arrived = model.endpoints(&namespace(*n), &service(*n)).is_some_and(|held| {
                        held.value.first().and_then(|endpoint| endpoint.pod.as_deref())
                            == Some(&bare::word(*change))
                    });
                    if arrived {
                        noted.push(Arrival { change: *change, written: *since, held: now });
                    }
                    !arrived
                });
            }
            // Looking after every single change would take more than following them.
            tokio::time::sleep(LOOK).await;
        }
    }));
    let began = Instant::now();
    let mut writes = tokio::task::JoinSet::new();
    let (http, base) = (server.http.clone(), server.base.clone());
    let kubeconfig: Value = serde_json::from_str(&server.kubeconfig(&base))?;
    let token = kubeconfig["users"][0]["user"]["token"].as_str().unwrap_or_default().to_owned();
    let failed = Arc::new(AtomicUsize::new(0));
    let all = seconds * EACH_SECOND;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let mut sent = 0;
    while sent < all {
        ticks.tick().await;
        let due = (began.elapsed().as_micros() as u64 * EACH_SECOND / 1_000_000).min(all);
        while sent < due {
            let n = sent as usize % SERVICES;
            sent += 1;
            while writes.len() > 200 {
                writes.join_next().await;
            }
            let change = sent;
            let endpoints = slice(n, &bare::word(change))["endpoints"].clone();
            let request = http
                .patch(format!("{base}{}/{}", slices(n), service(n)))
                .bearer_auth(&token)
                .header("content-type", "application/merge-patch+json")
                .body(json!({"endpoints": endpoints}).to_string());
            let (waiting, failed) = (waiting.clone(), failed.clone());
            writes.spawn(async move {
                waiting.lock().expect("nobody panics").insert(n, (change, Instant::now()));
                let answer = request.send().await.and_then(reqwest::Response::error_for_status);
                if let Err(error) = answer {
                    // What was not written cannot arrive.
                    waiting.lock().expect("nobody panics").remove(&n);
                    if failed.fetch_add(1, Ordering::Relaxed) == 0 {
                        eprintln!("refused: {error}");
                    }
                }
            });
        }
    }
    while writes.join_next().await.is_some() {}
    let rate = all as f64 / began.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(watching);
    let taken = std::mem::take(&mut *taken.lock().expect("nobody panics"));
    let (read, lost) = (bare.ended()?, waiting.lock().expect("nobody panics").len());
    let times = |of: &dyn Fn(&Arrival) -> Option<Duration>| {
        let mut times: Vec<f64> = taken.iter().filter_map(of).map(|it| it.as_secs_f64() * 1_000.0).collect();
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(f64::NAN);
        (at(50), at(99))
    };
    let server = times(&|it| Some(*read.get(&it.change)? - it.written));
    let all_in_all = times(&|it| Some(it.held - it.written));
    let ours = times(&|it| Some(it.held.saturating_duration_since(*read.get(&it.change)?)));
    println!(
        "| from a write to a bare reader of the stream, {rate:.0} a second for {seconds} s | p50 {:.1} ms, p99 {:.1} ms, {} of {all} read, {} refused | |",
        server.0,
        server.1,
        read.len(),
        failed.load(Ordering::Relaxed),
    );
    println!(
        "| from a write to the model | p50 {:.1} ms, p99 {:.1} ms, {} seen alone, {lost} lost | |",
        all_in_all.0,
        all_in_all.1,
        taken.len(),
    );
    println!(
        "| from the bare reader to the model | p50 {:.1} ms, p99 {:.1} ms | p99 50 ms |",
        ours.0, ours.1
    );
    Ok(ours.1 <= 50.0 && lost == 0)
}

/// Whether the model is what a full list says after the line went bad so often.
async fn same_after(server: &Server, cuts: usize, pods: usize) -> Result<bool, Failure> {
    let (line, address) = Line::lay(&server.base, server.http.clone()).await?;
    let kube = connect(server, &address).await?;
    let followed = Followed::of(&kube);
    followed.whole(pods).await?;
    let began = Instant::now();
    for n in 0..cuts {
        // Something changes before, between and after; some of it comes and goes while nobody listens.
        let words = [n * 7 % SERVICES, n * 13 % SERVICES, n * 29 % SERVICES];
        for (at, service_number) in words.into_iter().enumerate() {
            let word = format!("cut-{n}-{at}");
            let endpoints = json!({"endpoints": slice(service_number, &word)["endpoints"]});
            let path = format!("{}/{}", slices(service_number), service(service_number));
            server.call(Method::PATCH, &path, Some(&endpoints)).await?;
            if at == 0 {
                line.without_bookmarks.store(n % 3 == 0, Ordering::Relaxed);
                if n % 5 == 4 { line.forget(5) } else { line.cut() }
            }
        }
        let extra = json!({"metadata": {"name": format!("extra-{n}")}, "spec": {"ports": [{"port": 80}]}});
        let path = format!("/api/v1/namespaces/{}/services", namespace(n));
        server.call(Method::POST, &path, Some(&extra)).await?;
        if n >= 3 {
            let old = format!("/api/v1/namespaces/{}/services/extra-{}", namespace(n - 3), n - 3);
            server.call(Method::DELETE, &old, None).await?;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let took = began.elapsed();
    let direct = connect(server, &server.base).await?;
    let mut differences = Vec::new();
    for patience in 0..40 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        differences = differs(&followed.model, &direct).await?;
        if differences.is_empty() || patience == 39 {
            break;
        }
    }
    println!(
        "| differs from a full list after {cuts} cuts, {} answers 410 and {} bookmarks on the way, in {:.0} s | {} of {} objects; {} changes told | 0 |",
        line.told_gone.load(Ordering::Relaxed),
        line.bookmarks.load(Ordering::Relaxed),
        took.as_secs_f64(),
        differences.len(),
        followed.model.sizes().iter().sum::<usize>(),
        followed.changes.load(Ordering::Relaxed),
    );
    differences.iter().take(5).for_each(|difference| eprintln!("{difference}"));
    Ok(differences.is_empty())
}

/// Everything that the model holds otherwise than the server says it is.
async fn differs(model: &Model, direct: &Kube) -> Result<Vec<String>, Failure> {
    let mut different = Vec::new();
    let mut compare = |what: String, same: bool| {
        if !same {
            different.push(what);
        }
    };
    let nodes = direct.nodes().await?;
    compare("nodes".into(), model.nodes().is_some_and(|held| held.value == nodes));
    let services = direct.services().await?;
    compare("services".into(), model.services().is_some_and(|held| held.value == services));
    for n in 0..NAMESPACES {
        let pods = direct.pods(&namespace(n), "").await?;
        compare(
            format!("pods of {}", namespace(n)),
            model.pods(&namespace(n), "").is_some_and(|held| held.value == pods),
        );
    }
    for n in 0..SERVICES {
        let (namespace, service) = (namespace(n), service(n));
        let endpoints = direct.endpoints(&namespace, &service).await?;
        let same = model.endpoints(&namespace, &service).is_some_and(|held| held.value == endpoints);
        compare(format!("endpoints of {namespace}/{service}"), same);
    }
    let slices = model.sizes()[1];
    compare(format!("{slices} slices"), slices == SERVICES + OWN);
    Ok(different)
}

async fn quiet(kube: &Kube, seconds: u64, pods: usize) -> Result<bool, Failure> {
    let followed = Followed::of(kube);
    followed.whole(pods).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = memory::processor();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let share = (memory::processor() - before).as_secs_f64() / seconds.max(1) as f64 * 100.0;
    println!("| of one core while nothing happens, over {seconds} s | {share:.2} % | 1 % |");
    Ok(share <= 1.0)
}

/// client-go's informers over the same objects: typed, as most programs hold them, and unstructured, as k9s does.
async fn peers(server: &Server, program: &str, wish: &Wish) -> Result<(), Failure> {
    let kubeconfig = server.kubeconfig_file()?;
    for kind in ["typed", "unstructured"] {
        let log = std::fs::File::create(server.folder().join(format!("informers-{kind}")))?;
        let output = tokio::process::Command::new(program)
            .arg(kind)
            .arg(&kubeconfig)
            .arg(wish.pods.to_string())
            .stderr(log)
            .output()
            .await?;
        let said: Value = serde_json::from_slice(&output.stdout)?;
        println!(
            "| client-go's informers, {kind}: bytes of a pod, all, at the most | {}, {:.1} MiB, {:.1} MiB | |",
            said["pod"],
            said["all"].as_f64().unwrap_or_default() / 1_048_576.0,
            said["most"].as_f64().unwrap_or_default() / 1_048_576.0,
        );
    }
    Ok(())
}
