//! The English sentences of every problem code: what happened, and what to do next.
//!
//! The one home of these sentences: the CLI prints them, and the generated catalogue hands them to the
//! window. They are templates, whose values are the problem's arguments.

mod beside;
mod letter;
mod reference;
mod sentences;

pub use beside::{Beside, Said};
pub use reference::reference;
pub use sentences::sentence;

use portico_domain::problem::{Code, Problem};
use portico_domain::template;

/// What happened and the next step, as templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence<'a> {
    pub what: &'a str,
    pub next: &'a str,
}

/// Puts the problem's arguments into a template.
pub fn fill(template: &str, problem: &Problem) -> String {
    template::fill(template, |name| problem.args.get(name).map(String::as_str)).trim().to_owned()
}

fn code(word: &str) -> Option<Code> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// The two sentences of a problem, ready to print.
pub fn explain(problem: &Problem) -> (String, String) {
    explain_by(problem, sentence)
}

/// The same in the words of another catalogue.
fn explain_by<'a>(problem: &Problem, sentence: impl Fn(Code) -> Sentence<'a>) -> (String, String) {
    let Sentence { what, next } = sentence(problem.code);
    let mut what = fill(what, problem);
    let mut next = fill(next, problem);
    // A failure with a known cause says the cause and the cause's own way out.
    if let Some(cause) = problem.args.get("cause").and_then(|word| code(word)) {
        let likely = sentence(cause);
        what = format!("{what} {}", fill(likely.what, problem));
        next = fill(likely.next, problem);
    }
    (what, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_replace_their_placeholders_and_no_brace_is_left() {
        let problem = Problem::new(Code::ConnectionRefused).arg("address", "10.0.0.2").arg("port", 22);
        let (what, next) = explain(&problem);
        assert_eq!(what, "10.0.0.2 refused the connection on port 22.");
        assert!(!next.contains('{'), "{next}");
        assert_eq!(fill("a {missing} b", &problem), "a  b");
        assert_eq!(fill("by {missing|another program}, {port|none}", &problem), "by another program, 22");
        let empty = Problem::new(Code::ResolveFailed).arg("found", "");
        assert_eq!(fill("it says {found|nothing}", &empty), "it says nothing");
    }
}
