//! Which addresses a browser may be sent to from the window: the services, and the one dashboard that Portico speaks of.

const DASHBOARD: &str = "https://dash.cloudflare.com";

/// Whether `url` leads to one of these hosts, or to the dashboard, and to nothing that only looks like it.
pub fn may_open<'a>(url: &str, mut hostnames: impl Iterator<Item = &'a str>) -> bool {
    let is_at = |origin: &str| {
        // With the slash after it, a host is that host and no beginning of another one.
        url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let plain = url.chars().all(|letter| letter.is_ascii_graphic());
    let is_service = |host: &str| is_at(&format!("https://{host}")) || is_at(&format!("http://{host}"));
    plain && (is_at(DASHBOARD) || hostnames.any(is_service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_opened() {
        for (url, expected) in [
            ("https://echo.example.test", true),
            ("http://echo.example.test/a?b=c#d", true),
            ("https://dash.cloudflare.com/profile/api-tokens?x=1", true),
            ("https://echo.example.test.evil.test/", false),
            ("https://echo.example.test@evil.test/", false),
            ("https://dash.cloudflare.com.evil.test", false),
            ("https://dash.cloudflare.com:444/", false),
            ("https://evil.test/https://echo.example.test/", false),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("https://echo.example.test/ --help", false),
            ("", false),
        ] {
            assert_eq!(may_open(url, ["echo.example.test"].into_iter()), expected, "{url}");
        }
    }
}
