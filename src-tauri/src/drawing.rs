//! How the window is drawn: by the computer's graphics hardware, and where it has none, without the detour over one that is
//! played in software, which takes 130 MB more and draws a fifth of the frames (`bench/window`).

/// Chooses for a window.
#[cfg(target_os = "linux")]
pub fn choose(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    if has_hardware() {
        return Ok(());
    }
    window.with_webview(|view| {
        if let Some(settings) = WebViewExt::settings(&view.inner()) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    })
}

#[cfg(not(target_os = "linux"))]
pub fn choose(_: &tauri::WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// Whether there is a device to render with.
#[cfg(target_os = "linux")]
fn has_hardware() -> bool {
    let devices = std::fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    devices.into_iter().any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}
