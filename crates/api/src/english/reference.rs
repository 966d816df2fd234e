//! `docs/conditions.md`: every condition that there is, written from the table and the sentences that are told.
//!
//! The page is committed; a test fails when it differs, and writes it anew when `PORTICO_WRITE_GENERATED` is set.

use super::sentence;
use portico_domain::condition::{Fix, KINDS, Kind, Severity};
use portico_domain::template;
use std::fmt::Write;

const HEAD: &str = "\
# Conditions

What Portico calls wrong, by name: one condition for each cause, however many services it touches. A condition is told
once it has lasted for its patience, and is over when two looks in a row miss it. `portico conditions` and the page Health
list those that stand; each can be acknowledged (until it is over) or snoozed, and a machine or a name that is being worked
on can be put into maintenance.

*Severity*: **down** cannot be reached or known, **degraded** works less well or less safely, **notice** is worth knowing;
*as seen* follows from what it does to the services that it touches.

This page is written from the table in `crates/domain/src/condition/table.rs` and from the sentences that are told.
";

/// The page as Markdown.
pub fn reference() -> String {
    let mut text = String::from(HEAD);
    for kind in KINDS {
        let words = sentence(kind.code);
        let _ = write!(
            text,
            "\n## {}\n{}\n\n{}\n\n| severity | patience | what puts it right |\n|---|---|---|\n| {} | {} | {} |\n",
            kind.code.word(),
            named(words.what),
            named(words.next),
            severity(kind),
            patience(kind.patience),
            fix(kind.fix),
        );
    }
    text
}

/// A template with its placeholders set apart.
fn named(template: &str) -> String {
    let mut parts = template.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let _ = write!(text, "*{}*{rest}", template::place(name).0);
    }
    text
}

fn severity(kind: &Kind) -> &'static str {
    match kind.severity {
        None => "as seen",
        Some(Severity::Notice) => "notice",
        Some(Severity::Degraded) => "degraded",
        Some(Severity::Down) => "down",
    }
}

fn patience(seconds: u32) -> String {
    match seconds {
        0 => "none".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

fn fix(fix: Fix) -> &'static str {
    match fix {
        Fix::Hand => "by hand",
        Fix::Reconcile => "writing records and routes anew, one click",
        Fix::Expose => "exposing the service once more, one click",
        Fix::Repair(_) => "repairing the component, one click",
        Fix::MoveIngress => "moving to the other ingress controller, one click",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_page_says_what_the_table_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conditions.md");
        let text = super::reference();
        if std::env::var_os("PORTICO_WRITE_GENERATED").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "docs/conditions.md is out of date: run this test with PORTICO_WRITE_GENERATED=1"
        );
    }
}
