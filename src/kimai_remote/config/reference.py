"""The page docs/configuration.md, written from the settings.

``python -m kimai_remote.config.reference docs/configuration.md`` writes it; a test holds it to the
code.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .settings import PREFIX, Facts, Settings, facts_of

_HEAD = f"""\
# Configuration

<!-- Written by: python -m kimai_remote.config.reference docs/configuration.md -->

A setting can be given in three places. An option of `kimai-remote serve` wins over a variable of
the environment, that over the configuration file, and that over the default. All commands read the
same.

| place | `port`, for example |
|---|---|
| option of `serve` | `--port 8080` |
| environment | `{PREFIX}PORT=8080` |
| configuration file | `port = 8080` |

The file is the one of `kimai-remote --config FILE …`, else the one that `{PREFIX}CONFIG` names,
else `kimai-remote.toml` in the current directory if it is there. It is TOML without tables:

```toml
host = "127.0.0.1"
port = 8080
data_dir = "data"
workers = 2
trusted_proxies = 1
access_log = true
```

- Texts stand in quotes, numbers and `true`/`false` don't. In a variable `yes`, `no`, `1`, `0`,
  `on`, `off` will do too.
- A relative path in the file begins at the file's folder, that of `sqlite:///…` too; in a variable
  or an option it begins in the current directory.
- A name that isn't below is refused, in the file and as a variable, with the nearest one that is;
  only `{PREFIX}TEST_…` is left alone, which the tests of this program use.
- A file that anybody may change is refused, and one with a secret or a password in it that anybody
  may read. `chmod 600`; or `640` and the group of the service.
- If Kimai's `autoconf.php` is named, it gives the database, prefix, salt and time zone where they
  have their defaults.

Which values are in force, and where each comes from:

```sh
kimai-remote config explain
kimai-remote config explain port
```

```text
Configuration file: none…
 Setting…
 port…8000…default…Port to listen on.
```

`--json` prints the same for programs. Secrets are masked. `kimai-remote doctor` says whether what
is configured works.

## All settings

The variable of a setting is `{PREFIX}` and its name in capitals.

| setting | meaning | default | option |
|---|---|---|---|
"""


def page() -> str:
    """The whole page, in Markdown."""
    return _HEAD + "".join(f"{line}\n" for line in _rows())


def _rows() -> Iterator[str]:
    for each in dataclasses.fields(Settings):
        facts = facts_of(each)
        option = f"`--{each.name.replace('_', '-')}`" if facts.option else ""
        cells = (f"`{each.name}`", _meaning(facts), _default(each.default, facts), option)
        yield f"| {' | '.join(cells)} |"


def _meaning(facts: Facts) -> str:
    details = []
    if facts.choices:
        details.append(" or ".join(f"`{choice}`" for choice in facts.choices))
    if facts.unit:
        details.append(f"in {facts.unit}")
    return "; ".join([facts.meaning.rstrip("."), *details]).replace("|", "\\|")


def _default(default: Any, facts: Facts) -> str:
    if isinstance(default, bool):
        return "no" if not default else "yes"
    if facts.empty and not default:
        return facts.empty if default == "" else f"`{default}`: {facts.empty}"
    text = f"`{default}`" if str(default) else ""
    zero = "" if isinstance(default, str) else "`0`: "
    return f"{text} ({zero or 'empty: '}{facts.empty})" if facts.empty else text


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
