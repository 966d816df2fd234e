//! `portico history`, `portico timeline`: how things were, and what happened.
//!
//! Reads only what the watch wrote down; nothing is asked of the network. CSV has one stored row on a line,
//! times in UTC.

use crate::arguments::{History as Options, Since};
use crate::output::{Output, say};
use portico_api::Api;
use portico_api::checks;
use portico_api::english::explain;
use portico_api::wire::{
    Empty, HistoryExport, HistoryOf, HistoryRequest, HistoryRow, HistoryStorage, TimelineRequest,
};
use portico_domain::flow::Health;
use portico_domain::history::{Cell, History, Retention, SeenBy, TimelineEntry, Window};
use portico_domain::problem::Problem;
use std::process::ExitCode;

/// So many entries of the timeline fill a terminal a few times over.
const ENTRIES: u32 = 200;

pub async fn run(api: &Api, options: Options, output: &Output) -> Result<ExitCode, Problem> {
    if options.storage || options.keep.is_some() {
        return storage(api, options.keep, output).await;
    }
    let window = window(options.since);
    let of = match (options.service, options.hops) {
        (Some(subject), _) => HistoryOf::One { subject },
        (None, true) => HistoryOf::Everything,
        (None, false) => HistoryOf::Services,
    };
    let detailed = matches!(of, HistoryOf::One { .. });
    let histories = api.history(HistoryRequest { of, window }).await?.histories;
    if options.csv {
        say!("subject,from,until,up_ms,degraded_ms,down_ms,unknown_ms,p50_ms,p95_ms,p99_ms,answers");
    }
    for history in &histories {
        if options.csv {
            let request = HistoryExport { subject: history.subject.clone(), window };
            for row in api.history_export(request).await?.rows {
                say!("{}", csv(&history.subject, &row));
            }
        } else {
            output.show(history, || describe(history, detailed));
        }
    }
    if histories.is_empty() && !options.csv && !output.json {
        say!("Nothing is exposed yet, so nothing was watched.");
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn timeline(api: &Api, since: Since, output: &Output) -> Result<ExitCode, Problem> {
    let window = window(since);
    let timeline = api.timeline(TimelineRequest { window, before: None, limit: Some(ENTRIES) }).await?;
    for entry in &timeline.entries {
        output.show(entry, || line(entry));
    }
    if let (Some(next), false) = (timeline.next, output.json) {
        say!("… more before {}", when(next));
    }
    Ok(ExitCode::SUCCESS)
}

async fn storage(api: &Api, keep: Option<Retention>, output: &Output) -> Result<ExitCode, Problem> {
    let storage = match keep {
        Some(retention) => api.history_keep(retention).await?,
        None => api.history_storage(Empty {}).await?,
    };
    output.show(&storage, || kept(&storage));
    Ok(ExitCode::SUCCESS)
}

fn kept(HistoryStorage { retention, bytes }: &HistoryStorage) -> String {
    let Retention { minute_days, hour_days, day_years } = retention;
    format!(
        "{} KiB. By the minute for {minute_days} days, by the hour for {hour_days} days, by the day for {day_years} \
         years; changes for ever.",
        bytes / 1024
    )
}

fn window(since: Since) -> Window {
    match since {
        Since::Day => Window::Day,
        Since::Week => Window::Week,
        Since::Month => Window::Month,
        Since::Quarter => Window::Quarter,
        Since::Year => Window::Year,
    }
}

fn describe(history: &History, detailed: bool) -> String {
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    let uptime = history.uptime.map_or("unknown".into(), |uptime| format!("{} up", percent(uptime)));
    let name = history.subject.strip_prefix("path/").unwrap_or(&history.subject);
    let mut text = format!("{name:<24} {uptime:<12} {} known", percent(history.known));
    if history.watched > 0.0 {
        text.push_str(&format!(" ({} by the watcher in the cluster)", percent(history.watched)));
    }
    if let Some(latency) = history.latency {
        text.push_str(&format!("   {} / {} / {} ms", latency.p50, latency.p95, latency.p99));
    }
    text.push_str(&format!("\n  {}", history.cells.iter().map(mark).collect::<String>()));
    if detailed {
        text.push_str(
            "\n  (# up, + degraded or partly down, - down, . unknown; latency: 50, 95, 99 % of the answers)",
        );
        for change in history.changes.iter().cloned() {
            text.push_str(&format!("\n{}", line(&TimelineEntry::Health { change })));
        }
    }
    text
}

/// One letter for a cell, so that it can be read without colours.
fn mark(cell: &Cell) -> char {
    match cell {
        _ if cell.up + cell.degraded + cell.down <= 0.0 => '.',
        _ if cell.down <= 0.0 && cell.degraded <= 0.0 => '#',
        _ if cell.up + cell.degraded > 0.0 => '+',
        _ => '-',
    }
}

fn line(entry: &TimelineEntry) -> String {
    let at = when(entry.at());
    match entry {
        TimelineEntry::Health { change } => {
            let sign = match change.to {
                Health::Up => "✓",
                Health::Degraded => "!",
                Health::Down => "✗",
                Health::Unknown => "?",
            };
            let (from, to) = (checks::health(change.from), checks::health(change.to));
            let why = change.reason.as_ref().map(|reason| format!(": {}", explain(reason).0));
            let by = match change.by {
                SeenBy::Portico => "",
                SeenBy::Watcher => " (seen by the watcher in the cluster)",
            };
            format!("{at}  {sign} {} is {to}, was {from}{by}{}", change.subject, why.unwrap_or_default())
        }
        TimelineEntry::Run { run, change, state, .. } => {
            format!("{at}  > {} ({}, run {run})", checks::change(change), checks::run_state(*state))
        }
        TimelineEntry::Gap { from, watched: 0, .. } => {
            format!("{at}  … nobody had watched since {}", when(*from))
        }
        TimelineEntry::Gap { from, until, watched } => format!(
            "{at}  … Portico had not watched since {}; the watcher in the cluster saw {} of {} minutes",
            when(*from),
            watched / 60_000,
            (until - from) / 60_000
        ),
    }
}

fn csv(subject: &str, row: &HistoryRow) -> String {
    let latency = row.latency.map_or(",,,0".into(), |latency| {
        format!("{},{},{},{}", latency.p50, latency.p95, latency.p99, latency.answers)
    });
    let HistoryRow { from, until, up, degraded, down, unknown, .. } = row;
    // Ids of hops are names of nodes, services and hosts: nothing in them needs quotes.
    format!("{subject},{},{},{up},{degraded},{down},{unknown},{latency}", when(*from), when(*until))
}

/// UTC, to the second.
fn when(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => ms.to_string(),
    }
}
