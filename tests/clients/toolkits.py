"""The recorded results of the toolkits that ran the scenario.

Each test that runs a toolkit passes its report to the fixture ``toolkit_run``, which compares the
result with the toolkit's row in ``toolkits.jsonl``. The row comes from an earlier run with
``--record-toolkits``. ``docs/integrators/toolkits.md`` is written from these rows.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients import scenario

if TYPE_CHECKING:
    from clients.conftest import Scene

#: One row a line, so that rows that are added at the same time merge.
RECORDED = Path(__file__).with_name("toolkits.jsonl")


@dataclass(frozen=True, order=True)
class Row:
    """What one run of a toolkit proved.

    :param version: the tested one; another isn't a failure. "" if only requests like those of the
        toolkit were sent, not by itself.
    :param dialect: a name of :data:`scenario.DIALECTS`.
    :param test: the node ID of the test that ran it.
    :param steps: the number of steps.
    :param failing: the names of those that don't pass.
    :param why: the reason for that, or a remark.
    """

    language: str
    toolkit: str
    version: str
    dialect: str
    test: str
    steps: int
    failing: tuple[str, ...] = ()
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What no two rows have in common."""
        return self.toolkit, self.dialect, self.test

    @property
    def result(self) -> str:
        if not self.failing:
            return "pass" if self.version else "requests only"
        return f"partial, {self.steps - len(self.failing)} of {self.steps}"


def rows() -> list[Row]:
    """The recorded rows, in the order of the table."""
    return sorted(_row(line) for line in RECORDED.read_text("utf-8").splitlines())


def _row(line: str) -> Row:
    values = json.loads(line)
    return Row(**values | {"failing": tuple(values["failing"])})


def record(row: Row) -> None:
    """Add a row, or replace the earlier one of the same run."""
    with RECORDED.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # tests may run in parallel
        others = [other for other in map(_row, file) if other.key != row.key]
        lines = [json.dumps(asdict(one), ensure_ascii=False) for one in sorted([*others, row])]
        file.seek(0)
        file.write("\n".join([*lines, ""]))
        file.truncate()


def compare(row: Row, recorded: Collection[Row]) -> None:
    """Raise an AssertionError if the run differs from the recorded row, except for the version."""
    earlier = [replace(one, version=row.version) for one in recorded if one.key == row.key]
    assert earlier == [row], "not as recorded; see --record-toolkits"


@dataclass
class Run:
    """Judge the run of one toolkit.

    :param test: the node ID of the test.
    :param recording: write the row instead of comparing it.
    """

    scene: Scene
    test: str
    recording: bool

    def __call__(
        self,
        toolkit: str,
        language: str,
        version: str,
        dialect: scenario.Dialect,
        report: Any,
        *,
        failing: Collection[str] = (),
        why: str = "",
        **options: bool,
    ) -> None:
        """Check the report of a client that ran the scenario.

        :param failing: the steps that can't pass with this toolkit, exactly; ``why`` says why not.
        :param options: those of :func:`scenario.problems`.
        """
        assert bool(why) or not failing, "say why these steps fail"
        problems = scenario.problems(report, self.scene, dialect, **options)
        unexpected = [line for step in problems if step not in failing for line in problems[step]]
        assert not unexpected, "\n".join(unexpected)
        assert not set(failing) - set(problems), "these steps pass: they aren't failing any more"
        self.settle(toolkit, language, version, dialect, len(report), tuple(problems), why)

    def settle(
        self,
        toolkit: str,
        language: str,
        version: str,
        dialect: scenario.Dialect,
        steps: int,
        failing: tuple[str, ...] = (),
        why: str = "",
    ) -> None:
        """Record or compare the result of a run whose steps the test has checked itself."""
        row = Row(language, toolkit, version, dialect.name, self.test, steps, failing, why)
        if self.recording:
            record(row)
        else:
            compare(row, rows())
