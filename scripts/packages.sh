# shellcheck shell=bash
# The Debian packages that Portico needs, once, by what they are for. Sourced, never run.
# Not here: the toolchains themselves (Rust, Node.js, Go), which the README names.

# To compile: C parts of crates, and the libraries that the window stands on.
export BUILD_PACKAGES="build-essential pkg-config cmake clang libwebkit2gtk-4.1-dev libsoup-3.0-dev
    libdbus-1-dev libxdo-dev librsvg2-dev libayatana-appindicator3-dev"
export LINT_PACKAGES="shellcheck"
# Unit tests and the practice stories judge by real clients: OpenSSH, OpenSSL, a keyring, rate-limited networks.
export UNIT_PACKAGES="openssh-client openssh-server openssl dbus dbus-x11 gnome-keyring gcr xvfb xdotool iproute2
    python3 curl"
export BROWSER_PACKAGES="chromium"
export WINDOW_PACKAGES="webkit2gtk-driver xvfb dbus dbus-x11 python3 python3-gi libx11-6"
# Machines in a network namespace.
export GROUND_PACKAGES="debootstrap systemd-container iproute2 nftables iptables openssh-client openssh-server
    openssl avahi-daemon avahi-utils python3 sudo curl kmod procps"
