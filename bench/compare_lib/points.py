"""What was measured: one point is one library at one setting and size in one round."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

# A cache line takes 25 … 60 ns between cores that share an L3, 150 ns or more between others.
FAR_NS = 100


@dataclass(frozen=True)
class Point:
    collective: str
    library: str
    setting: str
    ranks: int
    round: int
    bytes: int
    iterations: int
    median_us: float
    least_us: float
    p99_us: float
    line_before_ns: float
    line_after_ns: float
    wrong_ranks: int
    network: str = "shm"
    moved_bytes: int = 0  # from rank to rank, by the busiest one or core; 0: not said

    @property
    def moved(self) -> bool:
        """The host moved the cores nearer or farther while it was measured."""
        return (self.line_before_ns >= FAR_NS) != (self.line_after_ns >= FAR_NS)

    @property
    def placement(self) -> str:
        return "far" if self.line_after_ns >= FAR_NS else "near"


class Writer:
    """Appends points to a CSV file as they come."""

    def __init__(self, path: Path):
        self._file = path.open("w", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(field.name for field in fields(Point))

    def write(self, point: Point) -> None:
        self._csv.writerow(getattr(point, field.name) for field in fields(Point))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(paths: Iterable[Path]) -> list[Point]:
    points = []
    for path in paths:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                points.append(Point(**{field.name: field.type(row[field.name]) for field in fields(Point) if field.name in row}))
    return points
