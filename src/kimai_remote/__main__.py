"""``python -m kimai_remote`` is the command ``kimai-remote``."""

from .cli.main import app

app(prog_name="kimai-remote")
