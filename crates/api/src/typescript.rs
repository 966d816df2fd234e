//! The generated half of the window's door: every wire type, the map of commands, the English sentences.
//!
//! The output is committed under `ui/src/api/generated/`; a test fails when it differs, and writes it anew
//! when `PORTICO_WRITE_GENERATED` is set.

use crate::english::sentence;
use crate::table;
use crate::wire::Empty;
use crate::{ApiError, checks};
use portico_domain::event::Event;
use portico_domain::preflight::CheckCode;
use portico_domain::problem::Code;
use portico_domain::step::Phrase;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Write;
use ts_rs::{Config, TS, TypeVisitor};

const HEADER: &str = "// Written by crates/api (typescript.rs); do not edit.\n";

/// The declarations of all types that the table and the events reach, and the map of commands.
pub fn types() -> String {
    let config = Config::default();
    let mut found = Declarations { config: &config, by_name: BTreeMap::new() };
    table::visit(&mut found);
    found.visit::<ApiError>();
    found.visit::<Event>();
    // An empty object type would allow anything; the empty request really is empty.
    found.by_name.insert(Empty::name(&config), "type Empty = Record<string, never>;".into());
    let mut text = String::from(HEADER);
    for declaration in found.by_name.values() {
        let _ = writeln!(text, "export {declaration}");
    }
    text.push_str(&table::typescript_map(&config));
    text
}

/// The sentences of problems and of preflight checks, by code, the phrases of a preview's lines, and what is said beside
/// the window.
pub fn english() -> String {
    let config = Config::default();
    let mut text = format!("{HEADER}import type {{ CheckCode, Code, Phrase }} from './index';\n\n");
    text.push_str("type Sentence = { what: string; next: string };\n\n");
    text.push_str("export const english = ");
    let problems = members::<Code>(&config).into_iter().map(|(word, code)| (word, sentence(code)));
    text.push_str(&catalogue(problems));
    text.push_str(" satisfies Record<Code, Sentence>;\n\nexport const checks = ");
    let found = members::<CheckCode>(&config).into_iter().map(|(word, code)| (word, checks::finding(code)));
    text.push_str(&catalogue(found));
    text.push_str(" satisfies Record<CheckCode, Sentence>;\n\nexport const lines = ");
    let phrases = members::<Phrase>(&config).into_iter().map(|(word, phrase)| (word, phrase.english()));
    let phrases = serde_json::to_string_pretty(&phrases.collect::<BTreeMap<_, _>>()).unwrap_or_default();
    text.push_str(&phrases);
    text.push_str(" satisfies Record<Phrase, string>;\n");
    let beside = serde_json::to_string_pretty(&crate::english::Beside::default()).unwrap_or_default();
    let _ = writeln!(text, "\nexport const beside = {beside};");
    text
}

fn catalogue(rows: impl Iterator<Item = (String, crate::english::Sentence<'static>)>) -> String {
    let mut text = String::from("{\n");
    for (word, sentence) in rows {
        let quoted = |part: &str| serde_json::to_string(part).unwrap_or_default();
        let _ = writeln!(
            text,
            "  {}: {{ what: {}, next: {} }},",
            quoted(&word),
            quoted(sentence.what),
            quoted(sentence.next)
        );
    }
    text.push('}');
    text
}

/// The words of a closed set with their values, read from its own TypeScript declaration.
fn members<T: TS + DeserializeOwned>(config: &Config) -> Vec<(String, T)> {
    let union = T::inline(config);
    let words = union.split('|').map(|word| word.trim().trim_matches('"').to_owned());
    words.filter_map(|word| Some((word.clone(), serde_json::from_value(word.into()).ok()?))).collect()
}

pub(crate) struct Declarations<'a> {
    config: &'a Config,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Only types of our own have a file to be written to; the rest are TypeScript's.
        if T::output_path().is_some() {
            let name = T::ident(self.config);
            if self.by_name.contains_key(&name) {
                return;
            }
            self.by_name.insert(name, T::decl(self.config));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn what_the_window_was_given_is_what_the_table_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/api/generated");
        for (file, text) in [("index.ts", super::types()), ("english.ts", super::english())] {
            let path = folder.join(file);
            if std::env::var_os("PORTICO_WRITE_GENERATED").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "{file} is out of date: run this test with PORTICO_WRITE_GENERATED=1");
        }
    }
}
