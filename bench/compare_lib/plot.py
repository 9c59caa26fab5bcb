"""Results as curves: times above, bccl's multiple of Open MPI's best with its goals below; drawn by gnuplot."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from .results import Results, Row
from .settings import NAMES, cores

PANEL = 430, 370  # pixels
STYLES = {
    "bccl": "lc rgb '#c0392b' lw 2.5 pt 7 ps 0.6",
    "bccl_alloc": "lc rgb '#7d3c98' lw 1.5 pt 6 ps 0.6",
    "bccl_counts": "lc rgb '#e67e22' lw 1 pt 8 ps 0.5",
    "bccl_skewed": "lc rgb '#d4ac0d' lw 1 pt 10 ps 0.5",
    "openmpi": "lc rgb '#1f6fb2' lw 1.5 pt 5 ps 0.5",
    "mpich": "lc rgb '#3a9a5b' lw 1.5 pt 9 ps 0.6",
    "gloo": "lc rgb '#b8860b' lw 1.5 pt 11 ps 0.6",
    "bare": "lc rgb '#777777' lw 1.5 dt 2 pt 1 ps 0.5",
    "bare_tcp": "lc rgb '#777777' lw 1.5 dt 2 pt 1 ps 0.5",
}


def draw(results: Results, collective: str, path: Path) -> bool:
    """False: there is no gnuplot, or nothing to draw."""
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in results.rows:
        if row.collective == collective and row.bytes > 0 and "bccl" in row.best:
            groups.setdefault((row.ranks, row.placement), []).append(row)
    if not groups or not shutil.which("gnuplot"):
        return False
    width, height = PANEL[0] * len(groups), 2 * PANEL[1]
    script = [
        f"set terminal svg size {width},{height} font 'sans-serif,11' background 'white'",
        f"set output '{path}'",
        f"set multiplot layout 2,{len(groups)}",
        "set logscale x 2",
        "set xtics ('8' 8, '256' 256, '4K' 4096, '64K' 65536, '1M' 1048576, '16M' 16777216, '256M' 268435456)",
        "set grid lc rgb '#bbbbbb'",
        "set key below horizontal",
        "set xrange [4:600000000]",
        "set xlabel 'bytes'",
    ]
    for key, rows in groups.items():
        script += _times(_title(collective, *key), rows)
    for key, rows in groups.items():
        script += _multiples(_title(collective, *key), rows)
    subprocess.run(["gnuplot"], input="\n".join([*script, "unset multiplot", ""]), text=True, check=True)
    return True


def _title(collective: str, ranks: int, placement: str) -> str:
    crowd = f" on {cores()} cores" if ranks > cores() else ""
    return f"{collective}, {ranks} ranks{crowd}, cores {placement}"


def _times(title: str, rows: list[Row]) -> list[str]:
    script = [f"set title '{title}'", "set logscale y 10", "set format y '10^{%T}'", "set ylabel 'µs'"]
    script += ["set autoscale y"]
    curves = []
    for library, name in NAMES.items():
        script += _data(f"${library}", rows, lambda row: row.best[library].us if library in row.best else None)
        if any(library in row.best for row in rows):
            curves.append(f"${library} with linespoints {STYLES[library]} title '{name}'")
    script += _data("$limit", rows, lambda row: row.limit_us)
    if any(row.limit_us for row in rows):
        curves.append("$limit with points pt 2 ps 0.8 lc rgb '#555555' title 'limit'")
    return [*script, "plot " + ", ".join(curves)]


def _multiples(title: str, rows: list[Row]) -> list[str]:
    script = [f"set title '{title}'", "unset logscale y", "set format y '%.1f'", "set yrange [0:1.5]"]
    script += ["set ylabel 'time ÷ that of Open MPI at its best'"]
    script += _data("$multiple", rows, lambda row: row.openmpi_multiple)
    script += _data("$goal", rows, lambda row: row.goal.openmpi_multiple_max)
    curves = ["1 with lines lc rgb '#1f6fb2' lw 1.5 title 'Open MPI'"]
    if any(row.openmpi_multiple for row in rows):
        curves.append(f"$multiple with linespoints {STYLES['bccl']} title 'bccl'")
    if any(row.goal.openmpi_multiple_max for row in rows):
        curves.append("$goal with points pt 10 ps 0.8 lc rgb '#555555' title 'goal: below'")
    return [*script, "plot " + ", ".join(curves)]


def _data(name: str, rows: list[Row], value: Callable[[Row], float | None]) -> list[str]:
    lines = [f"{row.bytes} {value(row):.6g}" for row in rows if value(row) is not None]
    return [f"{name} << END", *lines, "END"]
