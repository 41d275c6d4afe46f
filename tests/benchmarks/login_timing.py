"""Show whether the time of a failed login reveals that the name exists: print the distributions.

python tests/benchmarks/login_timing.py [logins of each sort, 200 by default]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kimai_remote.config import Settings
from kimai_remote.storage import models as m
from support import databases
from support.remotes import JsonRemote
from support.world import PASSWORD, World, build

WIDTH = 40


def measured(login: Callable[[int], object], index: int) -> float:
    started = time.perf_counter()
    login(index)
    return (time.perf_counter() - started) * 1000


def show(samples: dict[str, list[float]]) -> None:
    lowest = min(map(min, samples.values()))
    highest = max(statistics.quantiles(times, n=50)[-1] for times in samples.values())
    step = (highest - lowest) / WIDTH or 1
    print(f"each column is {step:.2f} ms, from {lowest:.1f} to {highest:.1f} ms")
    for name, times in samples.items():
        columns = [0] * WIDTH
        for milliseconds in times:
            columns[min(int((milliseconds - lowest) / step), WIDTH - 1)] += 1
        bars = "".join(" .:-=+*#%@"[min(9, count * 20 // len(times))] for count in columns)
        quarters = statistics.quantiles(times, n=4)
        print(
            f"{name:>15} |{bars}| median {quarters[1]:.2f} ms, "
            f"middle half {quarters[0]:.2f}-{quarters[2]:.2f}"
        )


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        database = databases.create("sqlite", Path(directory))
        world: World = build(database, Settings(login_rate=0))
        remote = JsonRemote(world)

        def reset_ban() -> None:
            # Each wrong password has to be that of a name that isn't banned.
            world.change(m.User, world.alice, ban=0, banTime=0)

        logins: dict[str, Callable[[int], object]] = {
            "unknown name": lambda n: remote.call("authenticate", f"nobody{n}", PASSWORD),
            "wrong password": lambda n: remote.call("authenticate", "alice", f"wrong{n}"),
            "closed account": lambda n: remote.call("authenticate", "gone", PASSWORD),
        }
        samples: dict[str, list[float]] = {name: [] for name in logins}
        for index in range(count + 1):
            for name, login in logins.items():
                reset_ban()
                took = measured(login, index)
                if index:  # the first round warms up
                    samples[name].append(took)
        show(samples)
        unknown, wrong = (samples[name] for name in ("unknown name", "wrong password"))
        wins = sum(a < b for a, b in zip(unknown, wrong, strict=True)) / count
        print(f"an unknown name was the faster one of a pair in {wins:.0%} of {count} pairs")
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
