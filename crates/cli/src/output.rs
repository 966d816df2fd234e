//! Printing: sentences for people, JSON for programs. Problems go to standard error with the next step.

use portico_api::ApiError;
use portico_api::english::explain;
use portico_domain::problem::{Code, Problem};
use serde::Serialize;
use std::process::ExitCode;

pub struct Output {
    pub json: bool,
}

/// `println!` without its panic: a reader that went away (`| head`) is no failure, and no reason to leave a change midway.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
pub(crate) use say;

impl Output {
    /// One JSON document on a line, or the text that `people` makes.
    pub fn show<T: Serialize>(&self, value: &T, people: impl FnOnce() -> String) {
        let text = if self.json { serde_json::to_string(value).unwrap_or_default() } else { people() };
        if !text.is_empty() {
            say!("{text}");
        }
    }

    pub fn problem(&self, problem: &Problem) {
        let error = ApiError::from(problem.clone());
        if self.json {
            self.show(&serde_json::json!({ "error": error }), String::new);
            return;
        }
        let (what, next) = explain(problem);
        eprintln!("✗ {what}\n  {next}");
        if let Some(detail) = error.detail.filter(|detail| !detail.is_empty()) {
            for line in detail.lines() {
                eprintln!("  | {line}");
            }
        }
    }

    pub fn failure(&self, problem: &Problem) -> ExitCode {
        self.problem(problem);
        ExitCode::from(status(problem.code))
    }
}

/// The exit status of a problem.
pub fn status(code: Code) -> u8 {
    match code {
        Code::HostKeyUnknown | Code::ConfirmationNeeded => 3,
        Code::DocumentMalformed
        | Code::DocumentUnreadable
        | Code::DocumentUnknownField
        | Code::DocumentFieldMissing
        | Code::DocumentVersion
        | Code::FieldInvalid
        | Code::SubnetInvalid
        | Code::SubnetEmpty
        | Code::SubnetOverlap
        | Code::SubnetTooLarge
        | Code::NoSubnet
        | Code::VersionUnknown
        | Code::TwoServers
        | Code::EvenServers
        | Code::NoServer
        | Code::DuplicateName
        | Code::DuplicateAddress
        | Code::NodeNameInvalid
        | Code::CidrOverlap
        | Code::AnotherCluster
        | Code::MachineLeft
        | Code::HostnameInvalid
        | Code::HostnameTaken
        | Code::ServiceNameTaken
        | Code::ZoneMissing
        | Code::ServiceMissing
        | Code::RunMissing
        | Code::ChannelMissing
        | Code::AlertUnencrypted
        | Code::EndpointsUnreadable
        | Code::RequestMalformed => 2,
        _ => 1,
    }
}
