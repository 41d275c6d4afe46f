# Everyday commands. "just" is on PyPI as rust-just and among what "just setup" installs; before that,
# the commands of "setup" can be typed as they are.

set positional-arguments

# List the recipes
_default:
    @just --list --unsorted

# Make .venv with everything that development needs, and have git run the linters
setup:
    test -d .venv || python3 -m venv .venv
    .venv/bin/pip install -q -e '.[dev]'
    if git rev-parse --git-dir >/dev/null 2>&1; then .venv/bin/pre-commit install; fi

# Run the tests with the command in README.md, which is the one place that states it
test *arguments:
    $(sed -n '/-m pytest/{s/.*&& //p;q;}' README.md) "$@"

# Run every test on all databases, with large numbers; first run ".ci/install-clients --toolkits"
deep *arguments:
    KIMAI_REMOTE_TEST_ALL=1 .venv/bin/python -m pytest --deep -n 2 --dist loadfile "$@"

# Check and format all files
lint:
    .venv/bin/pre-commit run --all-files

# Regenerate the generated pages and contracts
docs:
    .venv/bin/python tests/docs/generate.py
    .venv/bin/python -m kimai_remote.protocols.contracts wsdl

# Build the documentation site into site/
docs-site:
    NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet

# Run all checks of a change
ci:
    .ci/run
