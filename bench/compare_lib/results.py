"""Medians, each library's best setting, ratios, limits and goals: what follows from the points."""

import csv
import statistics
from collections import defaultdict
from dataclasses import dataclass, fields
from pathlib import Path

from .points import Point
from .settings import COLLECTIVES, COPY_LIMITS_FROM, KIB, PEERS, cores

Key = tuple[str, int, str, int]  # collective, ranks, placement, bytes

BANDWIDTH_FROM = 64 << 10  # shorter calls take no less for moving fewer bytes
LINE_BYTES = 48  # what fits a cache line beside what announces it


@dataclass(frozen=True)
class Time:
    """Of one setting at one size: the median of the rounds' medians, and the least and the most of them."""

    us: float
    least: float
    most: float
    rounds: int
    setting: str
    moved_bytes: int


@dataclass(frozen=True)
class Goal:
    openmpi_multiple_max: float | None = None
    limit_share_min: float | None = None
    peer_multiple_max: float | None = None
    above_limit_ns_max: float | None = None


SMALL_BY_TCP = 64 * KIB


@dataclass(frozen=True)
class Row:
    """All libraries at one collective, size, number of ranks and placement."""

    collective: str
    ranks: int
    placement: str
    bytes: int
    best: dict[str, Time]  # by library: at the setting that was best here
    limit_us: float | None
    goal: Goal

    @property
    def openmpi_multiple(self) -> float | None:
        """bccl's time as a multiple of Open MPI's best."""
        if "bccl" not in self.best or "openmpi" not in self.best:
            return None
        return self.best["bccl"].us / self.best["openmpi"].us

    @property
    def peer_multiple(self) -> float | None:
        """bccl's time as a multiple of the best of all others' best."""
        peers = [self.best[name].us for name in PEERS if name in self.best]
        return self.best["bccl"].us / min(peers) if "bccl" in self.best and peers else None

    @property
    def limit_share(self) -> float | None:
        """How near bccl comes to the machine's limit: 1 is as fast as it."""
        if "bccl" not in self.best or self.limit_us is None:
            return None
        return self.limit_us / self.best["bccl"].us

    @property
    def above_limit_ns(self) -> float | None:
        if "bccl" not in self.best or self.limit_us is None:
            return None
        return (self.best["bccl"].us - self.limit_us) * 1e3

    @property
    def counts_multiple(self) -> float | None:
        """The time of the calls with a count for each block, all alike, as a multiple of that of one count."""
        return self._multiple("bccl_counts")

    @property
    def skewed_multiple(self) -> float | None:
        """Of skewed counts, by the bytes moved: 1 if they move as fast as with one count. None where latency decides."""
        if self.bytes < BANDWIDTH_FROM:
            return None
        multiple = self._multiple("bccl_skewed")
        moved, skewed = (self.best[library].moved_bytes if library in self.best else 0 for library in ("bccl", "bccl_skewed"))
        return multiple * moved / skewed if multiple and moved and skewed else None

    def _multiple(self, library: str) -> float | None:
        if "bccl" not in self.best or library not in self.best:
            return None
        return self.best[library].us / self.best["bccl"].us


@dataclass(frozen=True)
class Machine:
    """The limits at one placement."""

    line_ns: float
    copy_gb_per_s: float | None  # two cores together, non-temporal stores


@dataclass(frozen=True)
class Results:
    network: str
    rows: list[Row]
    machines: dict[str, Machine]  # by placement
    moved: int  # points left out because the placement changed under them
    wrong: list[Point]


def read_goals(path: Path) -> dict[Key, Goal]:
    def number(text: str) -> float | None:
        return float(text) if text else None

    goals = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            goal = Goal(*(number(row[field.name]) for field in fields(Goal)))
            for placement in ("near", "far") if row["placement"] == "any" else (row["placement"],):
                goals[row["collective"], int(row["ranks"]), placement, int(row["bytes"])] = goal
    return goals


def goal_by_tcp(size: int) -> Goal:
    if size <= SMALL_BY_TCP:
        return Goal(peer_multiple_max=0.8)
    return Goal(peer_multiple_max=1.0, limit_share_min=0.9)


def results_of(points: list[Point], goals: dict[Key, Goal]) -> Results:
    kept = [point for point in points if not point.moved and not point.wrong_ranks]
    machines = _machines(kept)
    alike = defaultdict(list)
    for point in kept:
        if point.library != "copy":
            key = point.collective, point.ranks, point.placement, point.bytes
            alike[key, point.library, point.setting].append(point)
    best: dict[Key, dict[str, Time]] = defaultdict(dict)
    for (key, library, setting), rounds in alike.items():
        us = [point.median_us for point in rounds]
        time = Time(statistics.median(us), min(us), max(us), len(us), setting, rounds[0].moved_bytes)
        if library not in best[key] or time.us < best[key][library].us:
            best[key][library] = time
    network = points[0].network
    if any(point.network != network for point in points):
        raise ValueError("points of different networks cannot be put together")
    by_tcp = network == "tcp"
    rows = [
        Row(
            *key,
            libraries,
            _bare_us(libraries) if by_tcp else _limit_us(*key, machines[key[2]]),
            goal_by_tcp(key[3]) if by_tcp else goals.get(key, Goal()),
        )
        for key, libraries in sorted(best.items(), key=lambda item: _order(item[0]))
    ]
    wrong = [point for point in points if point.wrong_ranks]
    return Results(network, rows, machines, sum(point.moved for point in points), wrong)


def openmpi_speedup(rows: list[Row]) -> float:
    """The geometric mean of Open MPI's best time ÷ bccl's, over rows that have both."""
    return 1 / statistics.geometric_mean(row.openmpi_multiple for row in rows)


def _order(key: Key) -> tuple[int, int, bool, int]:
    collective, ranks, placement, size = key
    return COLLECTIVES.index(collective), ranks, placement == "far", size


def _machines(points: list[Point]) -> dict[str, Machine]:
    machines = {}
    for placement in {point.placement for point in points}:
        here = [point for point in points if point.placement == placement]
        lines = [ns for point in here for ns in (point.line_before_ns, point.line_after_ns)]
        # The two ranks of a copy are done after median_us, each with its own bytes.
        rates = [2 * point.bytes / point.median_us / 1e3 for point in here if point.library == "copy"]
        machines[placement] = Machine(statistics.median(lines), statistics.median(rates) if rates else None)
    return machines


def _bare_us(libraries: dict[str, Time]) -> float | None:
    return libraries["bare_tcp"].us if "bare_tcp" in libraries else None


def _limit_us(collective: str, ranks: int, placement: str, size: int, machine: Machine) -> float | None:
    """Small: a line crosses once, one way. Large all-reduces: every rank reads and writes that much private memory."""
    if collective not in ("all_reduce", "ping_pong"):
        return None
    if size <= LINE_BYTES and ranks <= cores():
        return machine.line_ns / 1e3
    if collective == "all_reduce" and size >= COPY_LIMITS_FROM and machine.copy_gb_per_s:
        return ranks * size / machine.copy_gb_per_s / 1e3
    return None
