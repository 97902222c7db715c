#!/bin/sh
# Finds (or, where it may, installs) a Python that can make virtual environments, then hands over to setup.py.
# RECADO_PYTHON=/path/to/python chooses one.
set -eu
cd "$(dirname "$0")/.."
. scripts/privileges.sh

able() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
        >/dev/null 2>&1
}

find_python() {
    for candidate in "${RECADO_PYTHON:-}" python3.11 python3.12 python3.13 python3 python3.14; do
        if [ -n "$candidate" ] && able "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

# Debian and Ubuntu ship Python without the part that makes virtual environments.
install_python() {
    command -v apt-get >/dev/null 2>&1 && may_install || return 1
    apt_install_first python3.13-venv python3.12-venv python3.11-venv
}

if [ -x .venv/bin/python ] && .venv/bin/python scripts/setup.py --current; then
    exit 0
fi
if ! python=$(find_python); then
    if ! install_python || ! python=$(find_python); then
        cat >&2 <<'TEXT'
recado needs Python 3.11 or newer with its venv module.
  Debian, Ubuntu:  sudo apt-get install python3-venv   (Ubuntu 22.04: python3.11-venv)
  Fedora:          sudo dnf install python3.12
  macOS:           brew install python@3.12
Then run this command again. RECADO_PYTHON=/path/to/python chooses a particular one.
TEXT
        exit 1
    fi
fi
exec "$python" scripts/setup.py
