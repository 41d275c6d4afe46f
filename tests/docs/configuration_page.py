"""The page docs/reference/configuration.md, written from the settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from kimai_remote.config.settings import PREFIX, SettingInfo, Settings, info_of
from support.server import ROOT

PAGE = ROOT / "docs" / "reference" / "configuration.md"

_HEAD = f"""\
# Settings

<!-- Written by "just docs". -->

Set a setting in one of three places. An option of `kimai-remote serve` overrides an environment
variable, which overrides the configuration file, which overrides the default. All commands read the
same environment and file.

| place | `port`, for example |
|---|---|
| option of `serve` | `--port 8080` |
| environment | `{PREFIX}PORT=8080` |
| configuration file | `port = 8080` |

The configuration file is the first of these: the file that `kimai-remote --config FILE …` names,
the file that the environment variable `{PREFIX}CONFIG` names, or `kimai-remote.toml` in the current
directory. It is TOML without tables:

```toml
host = "127.0.0.1"
port = 8080
data_dir = "data"
workers = 2
trusted_proxies = 1
access_log = true
```

- Strings are quoted; numbers and `true`/`false` aren't. Environment variables also accept `yes`,
  `no`, `1`, `0`, `on` and `off`.
- In the file, relative paths start at the directory of the file. This includes the path in
  `sqlite:///…`. In an environment variable or option, they start at the current directory.
- An unknown name is an error, in the file and as an environment variable. The message suggests the
  closest known name. Only names that start with `{PREFIX}TEST_` are ignored; the tests use them.
- A file that everybody can write to is refused. So is a file that contains a secret or password and
  that everybody can read. Use `chmod 600`, or `chmod 640` with the group of the service.
- If `kimai_autoconf` names Kimai's `autoconf.php`, that file provides the database, table prefix,
  salt and time zone, unless you set them.

To see the values in effect and where each comes from:

```sh
kimai-remote config explain
kimai-remote config explain port
```

```text
Configuration file: none…
 Setting…
 port…8000…default…Port to listen on.
```

`--json` prints the same for programs. Secrets are masked. `kimai-remote doctor`
[checks](checks.md#doctor) whether the settings work.

## All settings

The environment variable of a setting is `{PREFIX}` followed by its name in capitals. Settings with
*yes* in the last column are also options of `serve`, for example `--tls-cert` for `tls_cert`.

| setting | meaning | default | option |
|---|---|---|---|
"""


def page() -> str:
    """The whole page, in Markdown."""
    return _HEAD + "".join(f"{line}\n" for line in _rows())


def _rows() -> Iterator[str]:
    for each in dataclasses.fields(Settings):
        info = info_of(each)
        option = "yes" if info.option else ""
        cells = (f"`{each.name}`", _meaning(info), _default(each.default, info), option)
        yield f"| {' | '.join(cells)} |"


def _meaning(info: SettingInfo) -> str:
    details = []
    if info.choices:
        details.append(" or ".join(f"`{choice}`" for choice in info.choices))
    if info.unit:
        details.append(f"in {info.unit}")
    return "; ".join([info.help.rstrip("."), *details]).replace("|", "\\|")


def _default(default: Any, info: SettingInfo) -> str:
    if isinstance(default, bool):
        return "no" if not default else "yes"
    if info.empty and not default:
        return info.empty if default == "" else f"`{default}`: {info.empty}"
    text = f"`{default}`" if str(default) else ""
    zero = "" if isinstance(default, str) else "`0`: "
    return f"{text} ({zero or 'empty: '}{info.empty})" if info.empty else text
