//! Reading secrets: from the terminal without echo, else one line of standard input.

use portico_domain::credential::Secret;
use portico_domain::problem::{Code, Problem};
use std::io::{BufRead, IsTerminal};

pub fn read(prompt: &str) -> Result<Secret, Problem> {
    let failed =
        |error: std::io::Error| Problem::new(Code::SecretMissing).arg("secret", prompt).detail(error);
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(format!("{prompt}: ")).map(Secret::new).map_err(failed);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
    let line = line.trim_end_matches(['\r', '\n']).to_owned();
    if line.is_empty() {
        Err(Problem::new(Code::SecretMissing).arg("secret", prompt))
    } else {
        Ok(Secret::new(line))
    }
}

/// Asks yes or no; anything but a yes is a no, and without a terminal nobody said yes.
pub fn confirm(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    eprint!("{question} [y/N] ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}
