#!/bin/sh
# Programs the tests use that pip does not bring. Installs what is missing where it may (root or sudo without
# a password); elsewhere it says what is missing, and the tests that need it skip with the same words.
set -eu
cd "$(dirname "$0")/.."
. scripts/privileges.sh

has_any() {
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 && return 0
    done
    return 1
}

# need <what for> <debian package> <program>...
need() {
    what=$1 package=$2
    shift 2
    has_any "$@" && return 0
    if command -v apt-get >/dev/null 2>&1 && may_install; then
        echo "installing $package for $what"
        # Ubuntu's package only fetches a snap, which containers cannot run: has_any decides.
        if apt_install "$package" && has_any "$@"; then
            return 0
        fi
    fi
    echo "$package is missing: $what skip. Install $package (or a program named one of: $*)." >&2
}

need "browser tests" chromium chromium chromium-browser google-chrome google-chrome-stable
