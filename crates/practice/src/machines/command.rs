//! A command line, taken apart the way a shell and sudo would.
//!
//! Only quoting is understood: no expansion, no pipes, no lists. That is all that the product and plain clients send.

/// How a command asks for root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// As the user who logged in.
    Own,
    /// `sudo -n`: never ask.
    SudoQuiet,
    /// `sudo -S`: the password is the first line of stdin.
    SudoStdin,
    /// Plain `sudo`: it would ask on a terminal, and there is none.
    SudoTerminal,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub privilege: Privilege,
    pub words: Vec<String>,
}

/// The program that reads a script from stdin, as the product sends it.
pub const BOOTSTRAP: &str = r#"IFS= read -r n; s=$({ dd bs="$n" count=1 iflag=fullblock || dd bs=1 count="$n"; } 2>/dev/null; echo x); eval "${s%x}""#;

impl Command {
    /// `None` when a quote is left open.
    pub fn parse(line: &str) -> Option<Command> {
        let mut words = split(line)?;
        if words.first().is_none_or(|word| word != "sudo") {
            return Some(Command { privilege: Privilege::Own, words });
        }
        words.remove(0);
        let mut privilege = Privilege::SudoTerminal;
        while words.first().is_some_and(|word| word.starts_with('-') && word.len() > 1) {
            match words.remove(0).as_str() {
                "-n" => privilege = Privilege::SudoQuiet,
                "-S" => privilege = Privilege::SudoStdin,
                "-p" if !words.is_empty() => drop(words.remove(0)),
                "--" => break,
                _ => {}
            }
        }
        Some(Command { privilege, words })
    }

    /// Whether the command reads one of the product's scripts from stdin.
    pub fn is_script(&self) -> bool {
        matches!(&self.words[..], [shell, flag, program] if shell == "sh" && flag == "-c" && program == BOOTSTRAP)
    }
}

fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let into = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        other => into.push(other),
                    }
                }
            }
            '"' => {
                let into = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => into.push(characters.next()?),
                        other => into.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(characters.next()?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_modes_are_told_apart() {
        let script = format!("sh -c '{BOOTSTRAP}'");
        let cases = [
            (script.clone(), Privilege::Own),
            (format!("sudo -n {script}"), Privilege::SudoQuiet),
            (format!("sudo -k -S -p '' {script}"), Privilege::SudoStdin),
            (format!("sudo {script}"), Privilege::SudoTerminal),
        ];
        for (line, privilege) in cases {
            let command = Command::parse(&line).expect("the quotes are closed");
            assert_eq!(command.privilege, privilege, "{line}");
            assert!(command.is_script(), "{line}");
        }
    }

    #[test]
    fn an_open_quote_is_no_command() {
        assert_eq!(Command::parse("echo 'half"), None);
    }
}
