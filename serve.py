"""Run the service: ``python serve.py [--demo]``. The same as ``kimai-remote serve``."""

import sys

from kimai_remote.cli.main import app

if __name__ == "__main__":
    app(["serve", *sys.argv[1:]], prog_name="serve.py")
