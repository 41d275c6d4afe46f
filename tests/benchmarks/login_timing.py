"""Show whether the time of a failed login reveals that the name exists: print the distributions.

Single logins first, then pairs of logins that begin at the same moment, then a call of a user while
somebody logs in with that name or another one.

python tests/benchmarks/login_timing.py [logins of each sort, 200 by default] [database: sqlite,
    postgresql or mariadb; sqlite by default]
"""

from __future__ import annotations

import itertools
import math
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kimai_remote.config import Settings
from support import databases
from support.remotes import JsonRemote
from support.world import PASSWORD, World, build

WIDTH = 40
#: Logins at the same moment.
PAIR = 2


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


def together(*calls: Callable[[], object]) -> list[float]:
    """Return the milliseconds that each of some calls took which began at the same moment."""
    barrier = threading.Barrier(len(calls))
    took = [0.0] * len(calls)

    def run(index: int) -> None:
        barrier.wait()
        took[index] = measured(lambda _: calls[index](), 0)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def verdict(faster: list[float], slower: list[float]) -> str:
    """Say whether rounds can be told apart: how often the first sort of a round was the faster one,
    and whether that is further from half of them than chance explains (three deviations)."""
    count = len(faster)
    wins = sum(a < b for a, b in zip(faster, slower, strict=True))
    differs = abs(wins - count / 2) > 3 * math.sqrt(count) / 2
    ratio = statistics.median(slower) / statistics.median(faster)
    answer = "TOLD APART" if differs else "not told apart"
    return f"faster in {wins} of {count} rounds, medians 1:{ratio:.3f}: {answer}"


def main(count: int, backend: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        database = databases.create(backend, Path(directory))
        try:
            world: World = build(database, Settings(login_rate=0))
            world.set_option("loginTries", 0)  # each wrong password is that of a name not banned
            remote = JsonRemote(world)
            measure_single(world, remote, count)
            measure_pairs(remote, count)
            measure_start(world, remote, count)
        finally:
            databases.drop(database)
            database.close()


def measure_single(world: World, remote: JsonRemote, count: int) -> None:
    logins: dict[str, Callable[[int], object]] = {
        "unknown name": lambda n: remote.call("authenticate", f"nobody{n}", PASSWORD),
        "wrong password": lambda n: remote.call("authenticate", "alice", f"wrong{n}"),
        "closed account": lambda n: remote.call("authenticate", "gone", PASSWORD),
    }
    samples: dict[str, list[float]] = {name: [] for name in logins}
    for index in range(count + 1):
        for name, login in logins.items():
            took = measured(login, index)
            if index:  # the first round warms up
                samples[name].append(took)
    show(samples)
    print("an unknown name:", verdict(samples["unknown name"], samples["wrong password"]))


def measure_pairs(remote: JsonRemote, count: int) -> None:
    names = {"pair, unknown": lambda n: f"nobody{n}", "pair, existing": lambda n: "alice"}
    samples: dict[str, list[float]] = {sort: [] for sort in names}
    # Each sort comes first as often as the other.
    orders = itertools.cycle([list(names), list(names)[::-1]])
    for index, order in zip(range(count), orders, strict=False):
        for sort in order:
            name = names[sort](index)
            took = together(*[lambda name=name: remote.call("authenticate", name, "wrong")] * PAIR)
            samples[sort].append(max(took))
    show(samples)
    print("a pair of an unknown name:", verdict(*samples.values()))


def measure_start(world: World, remote: JsonRemote, count: int) -> None:
    start = ("startRecord", world.key("alice"), world.shop, world.coding)
    sorts = {"start, others'": "oscar", "start, own": "alice"}
    samples: dict[str, list[float]] = {sort: [] for sort in sorts}
    orders = itertools.cycle([list(sorts), list(sorts)[::-1]])
    for _, order in zip(range(count), orders, strict=False):
        for sort in order:
            name = sorts[sort]

            def begin() -> None:
                time.sleep(0.005)  # in the middle of the password check
                remote.call(*start)

            login = [lambda name=name: remote.call("authenticate", name, "wrong")]
            samples[sort].append(together(begin, *login)[0] - 5)
    show(samples)
    print("a start during a login of somebody else:", verdict(*samples.values()))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 200, arguments[1] if len(arguments) > 1 else "sqlite")
