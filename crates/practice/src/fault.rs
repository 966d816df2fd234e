//! What goes wrong on purpose: a plan of rules that every practice server asks before it answers a call.
//!
//! A server names each call in the words of its protocol (`POST /client/v4/zones/…`, the name of a script, `A
//! host.example.test`), asks [`Faults::next`], and does what the answer says. The calls are kept, so that a test
//! can first count them and then break each one in turn, or hold one and do something at exactly that moment. How a
//! fault looks on the wire is the server's matter (for HTTP: `http.rs`); nothing here does IO.

use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The practice server that a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    Cloudflare,
    Kube,
    Ssh,
    Dns,
    Mirror,
    /// A visitor's way in from the Internet.
    Edge,
    /// Where alerts arrive; a mail's call is `MAIL recipient`.
    Post,
}

impl Service {
    /// Whether it is beyond the line that leads from the homelab to the internet.
    fn is_out_there(self, call: &str) -> bool {
        match self {
            Self::Cloudflare | Self::Mirror | Self::Edge => true,
            Self::Dns => !call.starts_with("system "),
            Self::Kube | Self::Ssh | Self::Post => false,
        }
    }
}

/// What happens to a call in place of, or around, the ordinary answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "kind")]
pub enum Fault {
    /// Answered with this and nothing done. Over SSH `status` is the exit status and `body` is stderr.
    Error { status: u16, body: String },
    /// Waits, then does the work and answers: a client that gives up earlier finds nothing done.
    Slow { ms: u64 },
    /// Does the work, waits, then answers: a client that gives up earlier finds the work done.
    SlowAfter { ms: u64 },
    /// The connection ends without an answer and nothing was done.
    DropBefore,
    /// The connection ends without an answer and the work was done.
    DropAfter,
    /// Refused with 429 and `Retry-After` in seconds; nothing was done.
    RateLimit { retry_after: u64 },
    /// A gateway's HTML page in place of JSON; nothing was done.
    HtmlError { status: u16 },
    /// The work is done and the answer ends in the middle, with its full length announced. Not for answers that
    /// have no end, such as watches: the whole answer is collected first (so too for `Corrupt`).
    Torn,
    /// The work is done and a list in the answer lacks its second half, with all that is said about the list as it
    /// was. Only Cloudflare's lists; for all else it is `Torn`.
    Partial,
    /// The work is done and one byte in the middle of the answer is another one.
    Corrupt,
    /// Waits until it is let go, then does the work and answers. Only over HTTP, as the next one.
    Hold,
    /// Does the work, waits until it is let go, then answers.
    HoldAfter,
}

/// One rule: which calls of which service, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    pub service: Service,
    /// Calls whose text matches; `*` stands for any run of characters. `None` is every call.
    #[serde(default)]
    pub call: Option<String>,
    /// The nth matching call since the rule was set, counted from 1. `None` is from the first on.
    #[serde(default)]
    pub nth: Option<u64>,
    /// How many calls it strikes, from there on; 0 is all of them.
    #[serde(default = "once")]
    pub times: u64,
    pub fault: Fault,
}

fn once() -> u64 {
    1
}

impl Rule {
    /// Strikes the next call of `service`, once.
    pub fn next(service: Service, fault: Fault) -> Self {
        Self { service, call: None, nth: None, times: 1, fault }
    }

    /// Only calls whose text matches `call`, where `*` stands for any run of characters.
    pub fn on(self, call: &str) -> Self {
        Self { call: Some(call.to_owned()), ..self }
    }

    /// Only from the `nth` matching call on, counted from 1.
    pub fn nth(self, nth: u64) -> Self {
        Self { nth: Some(nth), ..self }
    }

    /// Strikes every matching call until the rules are cleared.
    pub fn always(self) -> Self {
        Self { times: 0, ..self }
    }
}

/// A call that reached a practice server, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub service: Service,
    pub call: String,
    /// What was done to it, if anything.
    pub fault: Option<Fault>,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    seen: u64,
    struck: u64,
}

#[derive(Debug, Default)]
struct State {
    armed: Vec<Armed>,
    calls: Vec<Call>,
    is_cut_off: bool,
}

/// The rules and the calls of one practice homelab, shared by its servers.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    gate: Arc<watch::Sender<Gate>>,
}

/// How many calls were held so far, and how many of them were let go.
#[derive(Debug, Clone, Copy, Default)]
struct Gate {
    held: u64,
    let_go: u64,
}

impl Faults {
    /// Adds a rule. Where several match a call, the oldest one strikes.
    pub fn add(&self, rule: Rule) {
        self.state().armed.push(Armed { rule, seen: 0, struck: 0 });
    }

    /// Removes all rules; the calls stay.
    pub fn clear(&self) {
        self.state().armed.clear();
    }

    /// Cuts the line to the internet, or mends it: nobody out there answers meanwhile.
    pub(crate) fn cut_off(&self, is_cut_off: bool) {
        self.state().is_cut_off = is_cut_off;
    }

    pub(crate) fn is_cut_off(&self) -> bool {
        self.state().is_cut_off
    }

    /// Notes the call and says what shall happen to it. Asked exactly once for each call.
    pub fn next(&self, service: Service, call: &str) -> Option<Fault> {
        let mut state = self.state();
        let mut fault = (state.is_cut_off && service.is_out_there(call)).then_some(Fault::DropBefore);
        for armed in &mut state.armed {
            let rule = &armed.rule;
            let matches =
                rule.service == service && rule.call.as_deref().is_none_or(|pattern| glob(pattern, call));
            if !matches {
                continue;
            }
            // Every matching rule counts the call, or a second rule's "nth" would depend on the first one.
            armed.seen += 1;
            let due = armed.seen >= rule.nth.unwrap_or(1);
            let left = rule.times == 0 || armed.struck < rule.times;
            if due && left && fault.is_none() {
                armed.struck += 1;
                fault = Some(rule.fault.clone());
            }
        }
        state.calls.push(Call { service, call: call.to_owned(), fault: fault.clone() });
        fault
    }

    /// Holds the caller until [`Faults::let_go`].
    pub(crate) async fn hold(&self) {
        let mut mine = 0;
        self.gate.send_modify(|gate| {
            gate.held += 1;
            mine = gate.held;
        });
        let mut gate = self.gate.subscribe();
        // The sender is in `self`.
        let _ = gate.wait_for(|gate| gate.let_go >= mine).await;
    }

    /// Returns once a call is held.
    pub async fn held(&self) {
        let mut gate = self.gate.subscribe();
        let _ = gate.wait_for(|gate| gate.held > gate.let_go).await;
    }

    /// Lets every call go that is held now.
    pub fn let_go(&self) {
        self.gate.send_modify(|gate| gate.let_go = gate.held);
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Forgets the calls so far; the rules stay.
    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain data: a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `*` matches any run of characters, all else itself.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            tail.char_indices().map(|(at, _)| &tail[at..]).chain([""]).any(|end| glob(rest, end))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(faults: &Faults, calls: &[&str]) -> Vec<bool> {
        calls.iter().map(|call| faults.next(Service::Cloudflare, call).is_some()).collect()
    }

    #[test]
    fn a_rule_strikes_the_nth_match_and_then_no_more() {
        let faults = Faults::default();
        faults.add(Rule::next(Service::Cloudflare, Fault::DropAfter).on("POST *").nth(2));
        assert_eq!(
            strikes(&faults, &["POST /a", "GET /a", "POST /b", "POST /c"]),
            [false, false, true, false]
        );
        assert_eq!(faults.next(Service::Kube, "POST /a"), None, "another service is another count");
    }

    #[test]
    fn a_repeating_rule_strikes_until_cleared() {
        let faults = Faults::default();
        faults.add(Rule::next(Service::Cloudflare, Fault::DropBefore).nth(2).always());
        assert_eq!(strikes(&faults, &["x", "x", "x"]), [false, true, true]);
        faults.clear();
        assert_eq!(strikes(&faults, &["x"]), [false]);
        assert_eq!(faults.calls().len(), 4);
    }

    #[test]
    fn a_star_matches_any_run() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("POST */dns_records", "POST /client/v4/zones/1/dns_records", true),
            ("POST */dns_records", "POST /client/v4/zones/1/dns_records/batch", false),
            ("a*b*c", "a-ü-b-c", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[tokio::test]
    async fn a_call_is_held_until_it_is_let_go() {
        let faults = Faults::default();
        let holding = tokio::spawn({
            let faults = faults.clone();
            async move { faults.hold().await }
        });
        faults.held().await;
        assert!(!holding.is_finished());
        faults.let_go();
        holding.await.unwrap();
        let none = tokio::time::timeout(std::time::Duration::from_millis(10), faults.held()).await;
        assert!(none.is_err(), "nothing is held any more");
    }
}
