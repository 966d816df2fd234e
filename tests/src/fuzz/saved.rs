//! Documents that an older or a damaged Portico left in its database, and what practice kept: read, and gone on from.

use super::homelab::{DESIRED, NOW, judge};
use portico_domain::alert::{Book, Moment, Rules};
use portico_domain::change::{Change, Desired};
use portico_domain::condition::{Condition, Ledger, Marks};
use portico_domain::diagnosis::Clues;
use portico_domain::host::{Inventory, PortState, Sighting};
use portico_domain::observed::Observed;
use portico_domain::run::Run;
use portico_domain::{history, support};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One document with all of them by their names; bytes of history are texts of Latin-1.
pub fn saved(input: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(input) else {
        portico_practice::keep::is_readable(input);
        drop(history::Sheet::from_bytes(input).sum());
        return;
    };
    let desired = part::<Desired>(&document, "desired");
    if let Some(desired) = &desired {
        judge(desired, &Observed { at: NOW, ..Observed::default() }, &Clues::default());
    }
    if let Some(run) = part::<Run>(&document, "run") {
        _ = (
            run.change.apply(desired.as_ref().unwrap_or(&DESIRED)),
            serde_json::to_string(&run).expect("JSON"),
        );
    }
    if let Some(change) = part::<Change>(&document, "change") {
        _ = change.apply(&DESIRED);
    }
    if let Some(inventory) = part::<Inventory>(&document, "inventory") {
        scan_on(inventory);
    }
    let conditions = part::<Vec<Condition>>(&document, "conditions").unwrap_or_default();
    let mut marks = part::<Marks>(&document, "marks").unwrap_or_default();
    let ledger = Ledger::resumed(conditions.clone());
    _ = ledger.conditions(&marks, NOW);
    marks.prune(|id| ledger.holds(id), NOW);
    let rules = part::<Rules>(&document, "rules").unwrap_or_default();
    if let Some(mut book) = part::<Book>(&document, "book") {
        book.look(&rules, &conditions, NOW);
        let mut number = 0;
        let id = || {
            number += 1;
            number.to_string()
        };
        _ = book.due(&rules, Moment { at: NOW + 60_000, minute: 600, day: 20_000 }, id);
        book.look(&rules, &[], NOW + 120_000);
    }
    if let Some(mut ledger) = part::<history::Ledger>(&document, "history") {
        let entry = ledger.take(NOW, &history::Look::new());
        _ = ledger.due(history::Level::Minute, entry.closed.keys().copied());
    }
    let bytes: Vec<u8> =
        document["sheet"].as_str().unwrap_or_default().chars().map(|letter| letter as u8).collect();
    _ = history::Sheet::from_bytes(&bytes).sum();
    if !document["practice"].is_null() {
        portico_practice::keep::is_readable(document["practice"].to_string().as_bytes());
    }
    let mut mask = support::Mask::new(["echo.example.test"]);
    let text = mask.report(document.clone()).to_string();
    _ = support::without_secrets(&mask.text(&text));
}

fn part<T: DeserializeOwned>(document: &Value, name: &str) -> Option<T> {
    T::deserialize(&document[name]).ok()
}

/// The next scan, in which a machine is where it was and another at its side.
fn scan_on(mut inventory: Inventory) {
    inventory.begin(NOW);
    let ips: Vec<_> = inventory.hosts().flat_map(|host| host.addresses.iter().copied()).take(8).collect();
    for ip in ips {
        inventory.take(Sighting::Port { ip, port: 22, state: PortState::Open }, NOW);
        inventory.take(Sighting::SshBanner { ip, port: 22, banner: "SSH-2.0-OpenSSH_9.2".into() }, NOW);
    }
    inventory.finish();
    _ = serde_json::to_string(&inventory).expect("JSON");
}
