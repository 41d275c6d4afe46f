"""The sources of settings, and errors about invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from kimai_remote.config import Source, load
from kimai_remote.errors import ConfigurationError


def written(path: Path, text: str | bytes, mode: int = 0o600) -> dict[str, str]:
    """The environment that names a configuration file with this text."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return {"KIMAI_REMOTE_CONFIG": str(path)}


def refusal(environ: dict[str, str], **overrides: object) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load(environ, **overrides)
    text = str(raised.value)
    assert "\n" not in text
    return text


def test_options_win_over_variables_over_the_file_over_defaults(folder: Path) -> None:
    environ = written(folder / "any.toml", "port = 1\nworkers = 1\nthreads = 1\nmax_batch = 7\n")
    environ |= {"KIMAI_REMOTE_PORT": "2", "KIMAI_REMOTE_WORKERS": "2"}
    loaded = load(environ, port=3, host=None)
    settings = loaded.settings
    assert (settings.port, settings.workers, settings.threads) == (3, 2, 1)
    assert (settings.max_batch, settings.host) == (7, "127.0.0.1")
    assert loaded.sources["port"] == Source("command line", "--port")
    assert loaded.sources["workers"] == Source("environment", "KIMAI_REMOTE_WORKERS")
    assert loaded.sources["threads"] == Source("file", str(folder / "any.toml"))
    assert loaded.sources["host"] == Source("default")
    assert loaded.file == folder / "any.toml"


def test_the_file_in_the_current_directory(folder: Path) -> None:
    assert load({}).file is None
    written(folder / "kimai-remote.toml", "port = 8001")
    assert load({}).settings.port == 8001
    named = written(folder / "other.toml", "workers = 2")
    assert load(named).settings.port == 8000


def test_a_named_file_that_is_not_there(folder: Path) -> None:
    text = refusal({"KIMAI_REMOTE_CONFIG": "none.toml"})
    assert text == "The configuration file none.toml can't be read (No such file or directory)."


def test_all_types(folder: Path) -> None:
    environ = written(
        folder / "a.toml",
        b'\xef\xbb\xbfport = 0x1F90\ninsecure = true\nhost = "::1" # home\naccess_log = false\n',
    )
    settings = load(environ).settings
    assert (settings.port, settings.insecure, settings.host) == (8080, True, "::1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('port = "8000"', "port must be a whole number, not a text."),
        ("port = 80.5", "port must be a whole number, not a number."),
        ("port = true", "port must be a whole number, not a boolean."),
        ("insecure = 1", "insecure must be true or false, not a whole number."),
        ('insecure = "yes"', "insecure must be true or false, not a text."),
        ("host = 127", 'host must be a text in quotes, such as "…", not a whole number.'),
        ("secret = 12345678901234567", 'secret must be a text in quotes, such as "…", not a whole'),
        ("host = 2026-01-01", 'host must be a text in quotes, such as "…", not a date or time.'),
        ('host = ["a"]', 'host must be a text in quotes, such as "…", not a list.'),
        ("port = 70000", "port must be between 1 and 65535."),
        ("workers = 0", "workers must be between 1 and 256."),
        ('log_format = "xml"', "log_format must be text or json."),
        ('timezone = "Mars"', "timezone must be a name such as Europe/Berlin or UTC."),
        ('metrics_from = "local, 10.0.0.0/33"', "'10.0.0.0/33' is no network."),
        ('metrics_token = "short"', "metrics_token must hold at least 16 ASCII characters."),
        ('prot = "x"', "there is no setting prot. Did you mean port?"),
        ("KIMAI_REMOTE_PORT = 1", "there is no setting KIMAI_REMOTE_PORT. Did you mean port?"),
        ('tls-cert = "x"', "there is no setting tls-cert. Did you mean tls_cert?"),
        ("xyzzy = 1", "there is no setting xyzzy."),
        (
            "[server]\nport = 1",
            "The file must not contain tables; write all settings at its top level.",
        ),
        ("port = 8000\nhost = \n", "isn't TOML: Invalid value (at line 2, column 8)."),
        ("port = 1\nport = 2\n", "isn't TOML: Cannot overwrite a value (at line 2, column 9)."),
    ],
)
def test_what_is_wrong_in_a_file(folder: Path, line: str, message: str) -> None:
    text = refusal(written(folder / "a.toml", line))
    assert message in text
    assert text.startswith(str(folder / "a.toml"))
    assert "12345678901234567" not in text


def test_a_file_that_is_no_text(folder: Path) -> None:
    assert "isn't a text in UTF-8" in refusal(written(folder / "a.toml", b"\xff\xfe"))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PORT", "x", "KIMAI_REMOTE_PORT must be a whole number, not 'x'."),
        ("INSECURE", "maybe", "KIMAI_REMOTE_INSECURE must be yes or no, not 'maybe'."),
        ("WORKERS", "0", "KIMAI_REMOTE_WORKERS must be between 1 and 256."),
        ("WORKERS", "1_0", "KIMAI_REMOTE_WORKERS must be a whole number, not '1_0'."),
        ("THREADS", "1000000", "KIMAI_REMOTE_THREADS must be between 1 and 1000."),
        ("SECRET", "short", "KIMAI_REMOTE_SECRET must hold at least 16 characters."),
        ("HOST", "a\nb", "KIMAI_REMOTE_HOST must not have control characters."),
        ("PUBLIC_URL", "https://u:p@x/", "must look like https://time.example.org/kimai"),
        ("PROT", "1", "There is no setting KIMAI_REMOTE_PROT. Did you mean KIMAI_REMOTE_PORT?"),
        ("CONFIGURATION", "1", "Did you mean KIMAI_REMOTE_CONFIG?"),
        ("QWERTY", "1", "There is no setting KIMAI_REMOTE_QWERTY."),
    ],
)
def test_what_is_wrong_in_the_environment(
    folder: Path, variable: str, value: str, message: str
) -> None:
    assert message in refusal({f"KIMAI_REMOTE_{variable}": value})


def test_what_is_wrong_on_the_command_line(folder: Path) -> None:
    assert refusal({"KIMAI_REMOTE_PORT": "1"}, port=0) == "--port must be between 1 and 65535."


def test_variables_of_tests_are_left_alone(folder: Path) -> None:
    assert load({"KIMAI_REMOTE_TEST_ANYTHING": "1", "OTHER": "2"}).settings.port == 8000


def test_paths_in_a_file_begin_there(folder: Path) -> None:
    away = folder.parent / "etc"
    away.mkdir()
    lines = 'data_dir = "data"\ntls_cert = "/abs/cert.pem"\naudit_log = "../audit.log"\n'
    loaded = load(written(away / "a.toml", lines + 'database_url = "sqlite:///k.sqlite3"'))
    assert loaded.settings.data_dir == away / "data"
    assert loaded.settings.tls_cert == "/abs/cert.pem"
    assert loaded.settings.audit_log == str(away / "../audit.log")
    assert loaded.settings.database_url == f"sqlite:///{away}/k.sqlite3"
    elsewhere = {"KIMAI_REMOTE_DATA_DIR": "data", "KIMAI_REMOTE_DATABASE_URL": "sqlite:///k"}
    assert load(elsewhere).settings.data_dir == Path("data")
    assert load(elsewhere).settings.database_url == "sqlite:///k"


@pytest.mark.parametrize(
    ("line", "mode", "problem"),
    [
        ('secret = "0123456789abcdef"', 0o644, "chmod 600"),
        ('database_url = "postgresql://db/x?user=u&password=p"', 0o644, "chmod 600"),
        ('metrics_token = "0123456789abcdef"', 0o604, "chmod 600"),
        ('database_url = "postgresql://u:p4ss@h/d"', 0o644, "chmod 600"),
        ("port = 8001", 0o602, "chmod o-w"),
        ('secret = "0123456789abcdef"', 0o640, ""),
        ('database_url = "postgresql://u@h/d"', 0o644, ""),
        ("port = 8001", 0o644, ""),
    ],
)
def test_a_file_that_others_have_access_to(
    folder: Path, line: str, mode: int, problem: str
) -> None:
    environ = written(folder / "a.toml", line, mode)
    if problem:
        text = refusal(environ)
        assert problem in text
        assert "p4ss" not in text
    else:
        load(environ)
