//! The English sentences of every problem code: what happened, and what to do next.
//!
//! The one home of these sentences: the CLI prints them, and the generated catalogue hands them to the
//! window. `{name}` stands for an argument of the problem.

use portico_domain::problem::Code;

/// What happened and the next step, as templates.
pub struct Sentence {
    pub what: &'static str,
    pub next: &'static str,
}
