//! The text in which programs tell Prometheus their numbers: one line for each series, `name{label="value"} number`.
//!
//! Only counters are taken from it, by their name, so that a controller's megabytes of histograms are passed over unread.

use std::collections::BTreeMap;

/// One line of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// Every series of the metric `name`. Lines that are not in the format are passed over.
pub fn series<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = Series> + 'a {
    text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest)?,
            None => (BTreeMap::new(), rest.strip_prefix([' ', '\t'])?),
        };
        // Behind the number there may be a time, which nobody asks for here.
        let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
        Some(Series { labels, value })
    })
}

/// Whether any metric has a name that begins so: a counter that never counted has no line of its own.
pub fn has_family(text: &str, prefix: &str) -> bool {
    text.lines().any(|line| line.starts_with(prefix))
}

/// What stands between the braces, and what comes after them.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.insert(name.trim().to_owned(), value);
        rest = after;
    }
}

/// A value up to its closing quote, with its escapes resolved.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_whole_lines_of_the_metric_are_taken() {
        let text = "# HELP requests All.\n# TYPE requests counter\nrequests 3\nrequests_total 9\n\
                    requests{host=\"a\",path=\"/\"} 1.5e3 1700000000000\nrequests{host=\"a} 4\nrequests{} +Inf\n\
                    requests{host=\"b\",} many\nrequestsx 1\n";
        let found: Vec<String> = series(text, "requests")
            .map(|one| format!("{} {}", one.labels.get("host").map_or("-", String::as_str), one.value))
            .collect();
        assert_eq!(found, ["- 3", "a 1500", "- inf"]);
        assert!(has_family(text, "requests_") && !has_family(text, "responses"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::btree_map("[a-z_]{1,6}", ".{0,8}", 0..4), value: u32) {
            let written: Vec<String> = values
                .iter()
                .map(|(name, value)| {
                    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                    format!("{name}=\"{value}\"")
                })
                .collect();
            // Only a line feed ends a line in this format, and a carriage return before it goes with it.
            prop_assume!(values.values().all(|value| !value.contains('\r')));
            let text = format!("other 1\nrequests{{{}}} {value}\n", written.join(","));
            let expected = Series { labels: values, value: f64::from(value) };
            prop_assert_eq!(series(&text, "requests").collect::<Vec<_>>(), vec![expected]);
        }

        #[test]
        fn nothing_that_is_read_stops_the_reading(text: String) {
            let _ = series(&text, "r").count();
        }
    }
}
