"""Another recado process, for tests: starts the server, says so, obeys one word per line."""

import dataclasses
import json
import sys
from pathlib import Path

from recado.db.embedded import EmbeddedConfig, start


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def main(data_dir: str, *flags: str) -> None:
    running = start(EmbeddedConfig(data_dir=Path(data_dir), die_with_parent="mortal" in flags))
    say(pid=running.pid, port=running.port, adopted=running.adopted, dsn=running.dsn())
    for line in sys.stdin:
        match line.strip():
            case "stop":
                departure = running.stop()
                say(departure=type(departure).__name__, **dataclasses.asdict(departure))
            case "release":
                running.release()
                say(departure="released")


if __name__ == "__main__":
    main(*sys.argv[1:])
