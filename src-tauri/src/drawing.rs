//! How the window is drawn: by the computer's graphics hardware, and where it has none, without the detour over one that is
//! played in software, which takes 130 MB more and draws a fifth of the frames (`bench/window`).

/// Chooses for the windows that are there. One that cannot be told is drawn as it would be anyway.
#[cfg(target_os = "linux")]
pub fn choose(app: &tauri::App) {
    use tauri::Manager;
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    if has_hardware() {
        return;
    }
    for window in app.webview_windows().values() {
        let told = window.with_webview(|view| {
            if let Some(settings) = WebViewExt::settings(&view.inner()) {
                settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
            }
        });
        if let Err(error) = told {
            tracing::warn!(%error, "the window is drawn as if there were graphics hardware");
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub fn choose(_: &tauri::App) {}

/// Whether there is a device to render with.
#[cfg(target_os = "linux")]
fn has_hardware() -> bool {
    let devices = std::fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    devices.into_iter().any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}
