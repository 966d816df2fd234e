//! Messages in words: what a person reads in a mail or on a phone, and the same for programs.
//!
//! The first line of a condition is its own sentence. Only what is needed is said: no technical cause, no address but those
//! in the sentence. The fields for programs are documented in `docs/alerts.md`.

use super::explain;
use crate::redacted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portico_domain::alert::{Item, Letter, Message, News, Occasion};
use portico_domain::condition::Severity;
use serde_json::{Value, json};

/// The message in words; `homelab` is its name, or empty.
pub fn letter(message: &Message, homelab: &str) -> Letter {
    let title = title(message);
    let parts: Vec<String> =
        message.items.iter().map(|item| paragraph(item, message.items.len() > 1)).collect();
    let intro = match (message.occasion, parts.is_empty()) {
        (Occasion::Test, _) => {
            "This message was sent because somebody pressed the button. Alerts arrive here."
        }
        (Occasion::Digest, true) => {
            "Nothing is wrong, as far as can be seen, and nothing was since the last digest."
        }
        _ => "",
    };
    let foot = if homelab.is_empty() { "Portico".to_owned() } else { format!("Portico, homelab {homelab}") };
    let mut body: Vec<String> = [intro.to_owned()].into_iter().filter(|text| !text.is_empty()).collect();
    body.extend(parts);
    body.push(foot);
    let body = body.join("\n\n");
    let conditions: Vec<Value> = message.items.iter().map(data).collect();
    let data = json!({
        "version": 1, "id": message.id, "occasion": message.occasion, "at": message.at, "homelab": homelab,
        "title": title, "body": body, "conditions": conditions,
    });
    Letter { title, body, data }
}

fn title(message: &Message) -> String {
    let first = message.items.first();
    let what = |item: &Item| explain(&redacted(item.condition.problem.clone())).0;
    let what = first.map(what).unwrap_or_default();
    let wrong = message.items.iter().filter(|item| item.news == News::Wrong).count();
    match (message.occasion, first.map(|item| item.news)) {
        (Occasion::Test, _) => "A test message from Portico".to_owned(),
        (Occasion::Digest, _) => match wrong {
            0 => "Digest: all is well".to_owned(),
            1 => format!("Digest: {what}"),
            more => format!("Digest: {more} things are wrong"),
        },
        (Occasion::News, Some(News::Wrong)) => format!("{what}{}", and(wrong - 1)),
        (Occasion::News, Some(News::Over)) => {
            let over = message.items.iter().filter(|item| item.news == News::Over).count();
            format!("Over: {what}{}", and(over - 1))
        }
        (Occasion::News, Some(News::Passed)) => {
            format!("Came and went: {what}{}", and(message.items.len() - 1))
        }
        (Occasion::News, None) => "Portico".to_owned(),
    }
}

fn and(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}

fn paragraph(item: &Item, with_title: bool) -> String {
    let condition = &item.condition;
    let (what, next) = explain(&redacted(condition.problem.clone()));
    let names = || condition.hostnames.join(", ");
    let since = clock(condition.since);
    let mut lines = Vec::new();
    match item.news {
        News::Wrong => {
            lines.push(what);
            lines.push(format!("{} What to do: {next}", severity(condition.severity)));
            if !condition.hostnames.is_empty() {
                lines.push(format!("It touches {}.", names()));
            }
            lines.push(format!("Since {since}."));
        }
        News::Over | News::Passed => {
            let until = item.until.unwrap_or(condition.since);
            lines.push(if with_title { format!("Over: {what}") } else { what });
            if !condition.hostnames.is_empty() {
                lines.push(format!("It touched {}.", names()));
            }
            let lasted = lasted(until - condition.since);
            lines.push(format!("It lasted {lasted}, from {since} to {}.", clock(until)));
        }
    }
    lines.join("\n")
}

fn data(item: &Item) -> Value {
    let condition = &item.condition;
    let problem = redacted(condition.problem.clone());
    let (what, next) = explain(&problem);
    json!({
        "id": condition.id, "code": problem.code, "news": item.news, "severity": condition.severity,
        "since": condition.since, "until": item.until, "hostnames": condition.hostnames,
        "machine": problem.args.get("node"), "what": what, "next": next,
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Down => "Something cannot be reached or known.",
        Severity::Degraded => "It works, but less well or less safely than it should.",
        Severity::Notice => "Everything works; it is worth knowing.",
    }
}

/// Local time with its distance from UTC, so that it reads right anywhere.
fn clock(at: i64) -> String {
    let time = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(TimeZone::system());
    time.strftime("%Y-%m-%d %H:%M (UTC%:z)").to_string()
}

fn lasted(ms: i64) -> String {
    let (minutes, hours) = (ms / 60_000, ms / 3_600_000);
    match (minutes, hours) {
        (0, _) => format!("{} s", ms / 1_000),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, hours) if hours < 48 => format!("{hours} h {} min", minutes % 60),
        (_, hours) => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::condition::Condition;
    use portico_domain::problem::{Code, Problem};

    fn item(news: News, node: &str) -> Item {
        let problem =
            Problem::new(Code::NodeNotReady).arg("node", node).arg("reason", "silent K10x::server:y");
        let condition = Condition {
            id: format!("node-not-ready/{node}"),
            problem,
            severity: Severity::Down,
            since: 0,
            hostnames: vec!["echo.example.test".into()],
            fix: None,
            hushed: None,
        };
        Item { news, condition, until: (news != News::Wrong).then_some(720_000) }
    }

    fn said(occasion: Occasion, items: Vec<Item>) -> Letter {
        let message = Message { occasion, items, ..Message::test("m1".into(), "c", 720_000) };
        letter(&message, "home")
    }

    #[test]
    fn a_message_says_what_is_wrong_what_to_do_and_since_when_and_no_secret() {
        let one = said(Occasion::News, vec![item(News::Wrong, "pi-2")]);
        assert!(one.title.starts_with("The node pi-2 is not Ready"), "{}", one.title);
        for part in ["What to do: Is the machine on", "It touches echo.example.test.", "Since 1970-01-01"] {
            assert!(one.body.contains(part), "{}", one.body);
        }
        assert!(one.body.ends_with("\n\nPortico, homelab home"));
        assert!(!format!("{one:?}").contains("K10x::"), "{one:?}");
        assert_eq!(one.data["conditions"][0]["machine"], "pi-2");
        let over = said(Occasion::News, vec![item(News::Over, "pi-2"), item(News::Over, "pi-3")]);
        assert!(over.title.starts_with("Over: The node pi-2") && over.title.ends_with("(and 1 more)"));
        assert!(over.body.contains("It lasted 12 min, from 1970"), "{}", over.body);
    }

    #[test]
    fn a_digest_and_a_test_say_that_they_are() {
        assert_eq!(said(Occasion::Digest, Vec::new()).title, "Digest: all is well");
        let two = said(Occasion::Digest, vec![item(News::Wrong, "a"), item(News::Wrong, "b")]);
        assert_eq!(two.title, "Digest: 2 things are wrong");
        assert!(said(Occasion::Test, Vec::new()).body.contains("pressed the button"));
    }

    #[test]
    fn how_long_it_lasted_is_told_in_the_unit_that_fits() {
        let table =
            [(5_000, "5 s"), (60_000, "1 min"), (5_400_000, "1 h 30 min"), (3 * 86_400_000, "3 days")];
        for (ms, text) in table {
            assert_eq!(lasted(ms), text);
        }
    }
}
