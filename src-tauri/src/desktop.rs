//! Portico beside its window: the tray with what is at work, and what is told while nobody looks.
//!
//! A window that is closed while a run is at work is only hidden: a build of twenty minutes does not end because
//! somebody tidied up, nor are alerts silent for that. The tray brings it back, as does starting Portico once more. Without
//! a tray on the desktop nothing is lost either: the second start shows the window.

use portico_api::english::{Beside, Said};
use portico_api::worlds::Worlds;
use portico_domain::alarm::Alarm;
use portico_domain::run::RunState;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{App, AppHandle, Manager, Window, WindowEvent, Wry};
use tauri_plugin_notification::NotificationExt;

pub const MAIN: &str = "main";
const TRAY: &str = "portico";

/// Who quits in the tray means it: the windows that close then are not only hidden.
static QUITTING: AtomicBool = AtomicBool::new(false);

/// What is said here, in the window's language as soon as a window has handed over its words, and how it is.
#[derive(Default)]
pub struct Told(Mutex<(Beside, usize)>);

impl Told {
    fn with<T>(&self, act: impl FnOnce(&mut (Beside, usize)) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The entries of the tray's menu: how it is, the way back to the window and the way out.
struct Entries([MenuItem<Wry>; 3]);

fn labels(app: &AppHandle) -> [String; 3] {
    app.state::<Told>().with(|(words, down)| [words.state(*down), words.open.clone(), words.quit.clone()])
}

/// Makes the tray.
pub fn tray(app: &App) -> tauri::Result<()> {
    let [state, open, quit] = labels(app.handle());
    let state = MenuItem::with_id(app, "state", state, false, None::<&str>)?;
    let open = MenuItem::with_id(app, "open", open, true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", quit, true, None::<&str>)?;
    app.manage(Entries([state.clone(), open.clone(), quit.clone()]));
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

/// Takes the words of a window.
pub fn speak(app: &AppHandle, words: Beside) {
    app.state::<Told>().with(|told| told.0 = words);
    label(app);
}

fn label(app: &AppHandle) {
    let Some(entries) = app.try_state::<Entries>() else { return };
    for (entry, label) in entries.0.iter().zip(labels(app)) {
        if let Err(error) = entry.set_text(label) {
            tracing::warn!(%error, "the tray does not say how it is");
        }
    }
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
        say(window.app_handle(), why);
    }
}

/// Why Portico goes on without its window, if it does.
fn goes_on(app: &AppHandle, worlds: &Worlds) -> Option<fn(&Beside) -> &Said> {
    if QUITTING.load(Ordering::Relaxed) {
        return None;
    }
    if worlds.is_at_work() {
        return Some(|words| &words.goes_on);
    }
    let telling = worlds.is_telling() && app.tray_by_id(TRAY).is_some();
    telling.then_some(|words| &words.keeps_watch)
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
        RunState::Done => say(app, |words| &words.done),
        RunState::Failed => say(app, |words| &words.failed),
        RunState::Cancelled | RunState::Interrupted | RunState::Running => {}
    }
}

/// Says what went wrong, or is over, and how it is now.
pub fn alarm(app: &AppHandle, alarms: &[Alarm], down: usize) {
    let said = app.state::<Told>().with(|told| {
        told.1 = down;
        alarms.iter().map(|alarm| told.0.alarm(alarm)).collect::<Vec<_>>()
    });
    label(app);
    for (title, text) in said {
        notify(app, &title, &text);
    }
}

fn say(app: &AppHandle, which: fn(&Beside) -> &Said) {
    let Said { what, next } = app.state::<Told>().with(|(words, _)| which(words).clone());
    notify(app, &what, &next);
}

fn notify(app: &AppHandle, title: &str, body: &str) {
    if let Err(error) = app.notification().builder().title(title).body(body).show() {
        tracing::warn!(%error, "the desktop shows no notifications");
    }
}
