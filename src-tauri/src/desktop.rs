//! Portico beside its window: the tray with what is at work, and what is told while nobody looks.
//!
//! A window that is closed while a run is at work is only hidden: a build of twenty minutes does not end because
//! somebody tidied up, nor are alerts silent for that. The tray brings it back, as does starting Portico once more. Without
//! a tray on the desktop nothing is lost either: the second start shows the window.

use portico_api::english::explain;
use portico_api::worlds::Worlds;
use portico_domain::alarm::Alarm;
use portico_domain::run::RunState;
use std::sync::atomic::{AtomicBool, Ordering};
use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{App, AppHandle, Manager, Window, WindowEvent, Wry};
use tauri_plugin_notification::NotificationExt;

pub const MAIN: &str = "main";
const TRAY: &str = "portico";

/// Who quits in the tray means it: the windows that close then are not only hidden.
static QUITTING: AtomicBool = AtomicBool::new(false);

/// The entry of the tray's menu that says how it is.
pub struct State(MenuItem<Wry>);

/// Makes the tray, with how it is, the way back to the window and the way out.
pub fn tray(app: &App) -> tauri::Result<()> {
    let state = MenuItem::with_id(app, "state", says(0), false, None::<&str>)?;
    app.manage(State(state.clone()));
    let open = MenuItem::with_id(app, "open", "Open Portico", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", "Quit", true, None::<&str>)?;
    let mut tray = TrayIconBuilder::with_id(TRAY)
        .tooltip("Portico")
        .menu(&Menu::with_items(app, &[&state, &open, &quit])?)
        .on_menu_event(|app, event| match event.id().as_ref() {
            "open" => show(app),
            _ => {
                QUITTING.store(true, Ordering::Relaxed);
                app.exit(0);
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app).map(drop)
}

/// Brings the window to the front.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window cannot be shown");
        }
    }
}

/// Hides the window in place of closing it while a run is at work, or while alerts are to be told and the tray, by which
/// one quits, is there.
pub fn on_window_event(window: &Window, event: &WindowEvent, worlds: &Worlds) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && let Some(why) = goes_on(window.app_handle(), worlds)
        && window.hide().is_ok()
    {
        api.prevent_close();
        notify(window.app_handle(), "Portico goes on", why);
    }
}

/// Why Portico goes on without its window, if it does.
fn goes_on(app: &AppHandle, worlds: &Worlds) -> Option<&'static str> {
    if QUITTING.load(Ordering::Relaxed) {
        return None;
    }
    if worlds.is_at_work() {
        return Some("The run ends without its window. The tray opens it again.");
    }
    let telling = worlds.is_telling() && app.tray_by_id(TRAY).is_some();
    telling.then_some("It watches your homelab and sends alerts. The tray opens it again, and quits it.")
}

/// Says how a run ended, to whoever does not look at the window.
pub fn run_ended(app: &AppHandle, state: RunState) {
    let looks_at_it = |window: tauri::WebviewWindow| {
        window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false)
    };
    if app.get_webview_window(MAIN).is_some_and(looks_at_it) {
        return;
    }
    match state {
        RunState::Done => notify(app, "Done", "What you asked for stands, and was checked."),
        RunState::Failed => notify(app, "A run failed", "Portico says what happened, and how to go on."),
        RunState::Cancelled | RunState::Interrupted | RunState::Running => {}
    }
}

/// Says what went wrong, or is over, and how it is now.
pub fn alarm(app: &AppHandle, alarms: Vec<Alarm>, down: usize) {
    if let Some(state) = app.try_state::<State>()
        && let Err(error) = state.0.set_text(says(down))
    {
        tracing::warn!(%error, "the tray does not say how it is");
    }
    for alarm in alarms {
        let (hostnames, cause, title, over) = match alarm {
            Alarm::Down { hostnames, cause } => (hostnames, cause, "cannot be reached", false),
            Alarm::Over { hostnames, cause } => (hostnames, cause, "can be reached again", true),
        };
        let (what, next) = explain(&cause);
        let (title, body) = match hostnames.as_slice() {
            [] if over => ("It is over".to_owned(), what),
            [] => (what, next),
            names => {
                let body = if over { String::new() } else { format!("{what} {next}") };
                (format!("{} {title}", names.join(", ")), body)
            }
        };
        notify(app, &title, &body);
    }
}

fn says(down: usize) -> String {
    match down {
        0 => "All services can be reached".to_owned(),
        1 => "One service cannot be reached".to_owned(),
        more => format!("{more} services cannot be reached"),
    }
}

fn notify(app: &AppHandle, title: &str, body: &str) {
    if let Err(error) = app.notification().builder().title(title).body(body).show() {
        tracing::warn!(%error, "the desktop shows no notifications");
    }
}
