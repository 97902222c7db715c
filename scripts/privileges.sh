# Sourced by the other scripts: may we install system packages here, and how. Never asks for a password.

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; }
}

apt_update_once() {
    if [ -z "${apt_updated:-}" ]; then
        as_root apt-get update -q >/dev/null 2>&1 || echo "apt-get update failed; trying with what is known" >&2
        apt_updated=yes
    fi
}

apt_install() {
    apt_update_once
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >/dev/null
}

# The first of these packages that this release of the system has.
apt_install_first() {
    apt_update_once
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            echo "installing $package"
            apt_install "$package"
            return
        fi
    done
    return 1
}
