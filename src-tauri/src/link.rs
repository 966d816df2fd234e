//! Links of the form `portico://PAGE/WHAT`: from a browser, a mail or a terminal to a page of the window.
//!
//! Any website can hold one, so a link shows a page and does nothing else. Which pages there are the window knows;
//! one that it does not know shows the page that it would have shown anyway.

use tauri::{AppHandle, Manager, Url};

const SCHEME: &str = "portico";

/// The part of the window's own address after `#` that a link stands for; `None` when it is no link of ours.
fn fragment(link: &str) -> Option<String> {
    let url = Url::parse(link).ok().filter(|url| url.scheme() == SCHEME)?;
    let page = url.host_str()?;
    let what = url.path().trim_matches('/');
    Some(if what.is_empty() { format!("/{page}") } else { format!("/{page}/{what}") })
}

/// Whether a word of a command line is a link.
pub fn is_link(word: &str) -> bool {
    fragment(word).is_some()
}

/// Shows the page that a link stands for; anything else changes nothing.
pub fn follow(app: &AppHandle, link: &str) {
    let (Some(fragment), Some(window)) = (fragment(link), app.get_webview_window(crate::desktop::MAIN))
    else {
        return;
    };
    // The page's own address with another fragment: it is told, and not loaded anew.
    let gone = window.url().and_then(|mut url| {
        url.set_fragment(Some(&fragment));
        window.navigate(url)
    });
    if let Err(error) = gone {
        tracing::warn!(%error, "the link cannot be followed");
    }
}

#[cfg(test)]
mod tests {
    use super::fragment;

    #[test]
    fn a_link_names_a_page_and_what_is_meant_on_it() {
        for (link, expected) in [
            ("portico://flow", Some("/flow")),
            ("portico://health/", Some("/health")),
            ("portico://flow/service/echo", Some("/flow/service/echo")),
            ("portico://runs/0198-77%2Fx", Some("/runs/0198-77%2Fx")),
            ("portico://flow/%22%3E<script>", Some("/flow/%22%3E%3Cscript%3E")),
            ("portico:flow", None),
            ("https://flow/service", None),
            ("flow", None),
        ] {
            assert_eq!(expected, fragment(link).as_deref(), "{link}");
        }
    }
}
