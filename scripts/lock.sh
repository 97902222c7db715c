#!/bin/sh
# Writes requirements/dev.lock again from pyproject.toml: every platform, every file with its hash.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock-tool.txt

# uv has settings of its own and does not read pip's: hand over the index and certificates pip would use.
setting() { "$python" -m pip config get "$1" 2>/dev/null || true; }
index=${PIP_INDEX_URL:-$(setting global.index-url)}
certificates=${PIP_CERT:-$(setting global.cert)}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
if [ -n "$certificates" ]; then export SSL_CERT_FILE="$certificates"; fi

exec .venv/bin/uv pip compile --group dev pyproject.toml --generate-hashes --universal \
    --no-emit-index-url --no-header --quiet -o requirements/dev.lock "$@"
