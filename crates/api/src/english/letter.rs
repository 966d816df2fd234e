//! Messages in words: what a person reads in a mail or on a phone, and the same for programs.
//!
//! The first line of a condition is its own sentence. Only what is needed is said: no technical cause, no address but those
//! in the sentence. Like all that is said beside the window, it is said in the window's language. The fields for programs
//! are documented in `docs/alerts.md`.

use super::Beside;
use crate::redacted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portico_domain::alert::{Item, Letter, Message, News, Occasion};
use portico_domain::condition::Severity;
use portico_domain::template;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What stands around the sentences of the conditions; what is in braces is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LetterWords {
    test: String,
    test_intro: String,
    digest_well: String,
    digest_well_intro: String,
    digest_one: String,
    digest_more: String,
    over: String,
    passed: String,
    /// Behind the first of several.
    and_more: String,
    severities: Severities,
    to_do: String,
    touches: String,
    touched: String,
    since: String,
    lasted: String,
    days: String,
    foot: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Severities {
    down: String,
    degraded: String,
    notice: String,
}

impl Default for LetterWords {
    /// In English.
    fn default() -> Self {
        Self {
            test: "A test message from Portico".into(),
            test_intro: "This message was sent because somebody pressed the button. Alerts arrive here."
                .into(),
            digest_well: "Digest: all is well".into(),
            digest_well_intro:
                "Nothing is wrong, as far as can be seen, and nothing was since the last digest.".into(),
            digest_one: "Digest: {what}".into(),
            digest_more: "Digest: {count} things are wrong".into(),
            over: "Over: {what}".into(),
            passed: "Came and went: {what}".into(),
            and_more: " (and {count} more)".into(),
            severities: Severities {
                down: "Something cannot be reached or known.".into(),
                degraded: "It works, but less well or less safely than it should.".into(),
                notice: "Everything works; it is worth knowing.".into(),
            },
            to_do: "What to do: {next}".into(),
            touches: "It touches {names}.".into(),
            touched: "It touched {names}.".into(),
            since: "Since {when}.".into(),
            lasted: "It lasted {time}, from {since} to {until}.".into(),
            days: "{count} days".into(),
            foot: "Portico, homelab {name}".into(),
        }
    }
}

fn fill<const N: usize>(template: &str, values: [(&str, &str); N]) -> String {
    template::fill(template, |name| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
}

impl Beside {
    /// The message in words; `homelab` is its name, or empty.
    pub fn letter(&self, message: &Message, homelab: &str) -> Letter {
        let words = &self.letter;
        let title = self.title(message);
        let several = message.items.len() > 1;
        let parts = message.items.iter().map(|item| self.paragraph(item, several));
        let intro = match (message.occasion, message.items.is_empty()) {
            (Occasion::Test, _) => Some(words.test_intro.clone()),
            (Occasion::Digest, true) => Some(words.digest_well_intro.clone()),
            _ => None,
        };
        let foot = if homelab.is_empty() { "Portico".into() } else { fill(&words.foot, [("name", homelab)]) };
        let body: Vec<String> = intro.into_iter().chain(parts).chain([foot]).collect();
        let body = body.join("\n\n");
        let conditions: Vec<Value> = message.items.iter().map(|item| self.data(item)).collect();
        let data = json!({
            "version": 1, "id": message.id, "occasion": message.occasion, "at": message.at, "homelab": homelab,
            "title": title, "body": body, "conditions": conditions,
        });
        Letter { title, body, data }
    }

    fn title(&self, message: &Message) -> String {
        let words = &self.letter;
        let first = message.items.first();
        let what =
            first.map(|item| self.explain(&redacted(item.condition.problem.clone())).0).unwrap_or_default();
        let count = |news: News| message.items.iter().filter(|item| item.news == news).count();
        let and = |number: usize| match number.saturating_sub(1) {
            0 => String::new(),
            more => fill(&words.and_more, [("count", &more.to_string())]),
        };
        let called = |template: &str| fill(template, [("what", &what)]);
        match (message.occasion, first.map(|item| item.news)) {
            (Occasion::Test, _) => words.test.clone(),
            (Occasion::Digest, _) => match count(News::Wrong) {
                0 => words.digest_well.clone(),
                1 => called(&words.digest_one),
                more => fill(&words.digest_more, [("count", &more.to_string())]),
            },
            (Occasion::News, Some(News::Wrong)) => what + &and(count(News::Wrong)),
            (Occasion::News, Some(News::Over)) => called(&words.over) + &and(count(News::Over)),
            (Occasion::News, Some(News::Passed)) => called(&words.passed) + &and(message.items.len()),
            (Occasion::News, None) => "Portico".to_owned(),
        }
    }

    fn paragraph(&self, item: &Item, with_title: bool) -> String {
        let words = &self.letter;
        let condition = &item.condition;
        let (what, next) = self.explain(&redacted(condition.problem.clone()));
        let since = clock(condition.since);
        let names = |template: &String| {
            let names = condition.hostnames.join(", ");
            (!names.is_empty()).then(|| fill(template, [("names", &names)]))
        };
        let mut lines = Vec::new();
        match item.news {
            News::Wrong => {
                lines.push(what);
                let severity = match condition.severity {
                    Severity::Down => &words.severities.down,
                    Severity::Degraded => &words.severities.degraded,
                    Severity::Notice => &words.severities.notice,
                };
                lines.push(format!("{severity} {}", fill(&words.to_do, [("next", &next)])));
                lines.extend(names(&words.touches));
                lines.push(fill(&words.since, [("when", &since)]));
            }
            News::Over | News::Passed => {
                let until = item.until.unwrap_or(condition.since);
                lines.push(if with_title { fill(&words.over, [("what", &what)]) } else { what });
                lines.extend(names(&words.touched));
                let time = self.lasting(until - condition.since);
                let told = [("time", time.as_str()), ("since", &since), ("until", &clock(until))];
                lines.push(fill(&words.lasted, told));
            }
        }
        lines.join("\n")
    }

    fn data(&self, item: &Item) -> Value {
        let condition = &item.condition;
        let problem = redacted(condition.problem.clone());
        let (what, next) = self.explain(&problem);
        json!({
            "id": condition.id, "code": problem.code, "news": item.news, "severity": condition.severity,
            "since": condition.since, "until": item.until, "hostnames": condition.hostnames,
            "machine": problem.args.get("node"), "what": what, "next": next,
        })
    }

    fn lasting(&self, ms: i64) -> String {
        match (ms / 60_000, ms / 3_600_000) {
            (0, _) => format!("{} s", ms / 1_000),
            (minutes, 0) => format!("{minutes} min"),
            (minutes, hours) if hours < 48 => format!("{hours} h {} min", minutes % 60),
            (_, hours) => fill(&self.letter.days, [("count", &(hours / 24).to_string())]),
        }
    }
}

/// Local time with its distance from UTC, so that it reads right anywhere.
fn clock(at: i64) -> String {
    let time = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned_datetime(TimeZone::system());
    time.strftime("%Y-%m-%d %H:%M (UTC%:z)").to_string()
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
        Beside::default().letter(&message, "home")
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
            assert_eq!(Beside::default().lasting(ms), text);
        }
    }
}
