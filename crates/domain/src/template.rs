//! Sentences with places for values: `{name}` stands for one, `{name|words}` for the words where it is not known or empty.

/// The template with its values. A place without a value is dropped, so that no person ever reads braces; what a value itself
/// says is never taken for a place.
pub fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        text.push_str(&rest[..start]);
        let Some(length) = rest[start..].find('}') else { break };
        let (name, otherwise) = place(&rest[start + 1..start + length]);
        text.push_str(value(name).filter(|text| !text.is_empty()).unwrap_or(otherwise));
        rest = &rest[start + length + 1..];
    }
    text.push_str(rest);
    text
}

/// What stands between the braces: the value's name, and what is said without it.
pub fn place(text: &str) -> (&str, &str) {
    text.split_once('|').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_no_template() {
        let values = |name: &str| match name {
            "host" => Some("{port}"),
            "port" => Some("22"),
            _ => None,
        };
        assert_eq!(fill("  {host}:{port} {user|nobody}{else}", values), "  {port}:22 nobody");
    }
}
