"""Skipping or failing tests whose database server or program is missing."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(message: str) -> NoReturn:
    """Skip the test; fail it if KIMAI_REMOTE_TEST_ALL is set, as CI does.

    :param message: what is missing, and how to get it.
    """
    if os.environ.get("KIMAI_REMOTE_TEST_ALL"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
