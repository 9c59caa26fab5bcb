"""Results as Markdown."""

from .results import Results, Row, Time, openmpi_speedup
from .settings import COLLECTIVES, KIB, MIB, NAMES

SLOWER_MAX = 1.05  # × Open MPI's best
COUNTS_MAX = 1.05  # × the time of the call with one count …
SKEWED_MAX = 1.15  # … and, by bytes moved, where counts differ
LIMITS = ["limit, µs", "limit ÷ bccl", "goal"]
BY_COUNTS = ["by counts ÷ one count", "goal", "skewed, by bytes moved ÷ one count", "goal"]


def table_of(results: Results) -> str:
    rows = [row for row in results.rows if "bccl" in row.best]
    libraries = [library for library in NAMES if any(library in row.best for row in rows)]
    limited = any(row.limit_us for row in rows)
    counted = any(row.counts_multiple or row.skewed_multiple for row in rows)
    head = ["collective", "bytes", "ranks", "rounds", *(f"{NAMES[library]}, µs" for library in libraries)]
    by_tcp = results.network == "tcp"
    head += ["÷ best other", "goal", "bare ÷ bccl", "goal"] if by_tcp else ["÷ Open MPI", "goal", *(LIMITS if limited else []), *(BY_COUNTS if counted else [])]
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        verdicts = _by_tcp(row) if by_tcp else _by_shared_memory(row) + (_limits(row) if limited else []) + (_by_counts(row) if counted else [])
        lines.append(_line(_cells(row, libraries) + verdicts))
    lines += ["", *_notes(results), *_speedups(rows)]
    return "\n".join(lines) + "\n"


def bytes_in_words(size: int) -> str:
    for unit, suffix in ((MIB, " Mi"), (KIB, " Ki")):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{suffix}"
    return str(size)


def _cells(row: Row, libraries: list[str]) -> list[str]:
    compared = [row.best[library].rounds for library in ("bccl", "openmpi") if library in row.best]
    cells = [row.collective, bytes_in_words(row.bytes), f"{row.ranks}, {row.placement}", str(min(compared))]
    cells += [_time(row.best.get(library)) for library in libraries]
    return cells


def _by_shared_memory(row: Row) -> list[str]:
    return [_ratio(row.openmpi_multiple), _verdict("≤", row.goal.openmpi_multiple_max, row.openmpi_multiple)]


def _by_tcp(row: Row) -> list[str]:
    return [
        _ratio(row.peer_multiple),
        _verdict("≤", row.goal.peer_multiple_max, row.peer_multiple),
        _ratio(row.limit_share),
        _verdict("≥", row.goal.limit_share_min, row.limit_share),
    ]


def _limits(row: Row) -> list[str]:
    return [
        "" if row.limit_us is None else _us(row.limit_us),
        _ratio(row.limit_share),
        _above_limit(row) or _verdict("≥", row.goal.limit_share_min, row.limit_share),
    ]


def _above_limit(row: Row) -> str:
    above, most = row.above_limit_ns, row.goal.above_limit_ns_max
    if above is None or most is None:
        return ""
    return f"{above:.0f} ns above, ≤ {most:.0f} {'met' if is_met('≤', most, above) else '**missed**'}"


def _by_counts(row: Row) -> list[str]:
    cells = []
    for multiple, goal in (row.counts_multiple, COUNTS_MAX), (row.skewed_multiple, SKEWED_MAX):
        cells += ["", ""] if multiple is None else [f"{multiple:.2f}", _verdict("≤", goal, multiple)]
    return cells


def _verdict(relation: str, goal: float | None, value: float | None) -> str:
    if goal is None:
        return ""
    if value is None:
        return f"{relation} {goal:.2f}"
    return f"{relation} {goal:.2f} {'met' if is_met(relation, goal, value) else '**missed**'}"


def is_met(relation: str, goal: float, value: float) -> bool:
    """At the precision that both are printed with."""
    value = round(value, 2)
    return value <= goal if relation == "≤" else value >= goal


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _time(time: Time | None) -> str:
    if time is None:
        return ""
    spread = f"{_us(time.us)} ({_us(time.least)} … {_us(time.most)})"
    return f"{spread} {time.setting}".rstrip()


def _us(us: float) -> str:
    return f"{us:.2f}" if us < 10 else f"{us:.1f}" if us < 100 else f"{us:,.0f}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _notes(results: Results) -> list[str]:
    notes = ["Times: the median (least … most) over rounds of each round's median, at the setting that was best here."]
    for placement, machine in sorted(results.machines.items(), reverse=True):
        rate = f"{machine.copy_gb_per_s:.1f} GB/s" if machine.copy_gb_per_s else "not measured"
        notes.append(
            f"Cores {placement}: a cache line crosses in {machine.line_ns:.0f} ns; "
            f"non-temporal copies by two cores at once, 256 MiB each: {rate}."
        )
    verdicts = [
        is_met(relation, goal, value)
        for row in results.rows
        for relation, goal, value in (
            ("≤", row.goal.openmpi_multiple_max, row.openmpi_multiple),
            ("≤", row.goal.peer_multiple_max, row.peer_multiple),
            ("≥", row.goal.limit_share_min, row.limit_share),
            ("≤", row.goal.above_limit_ns_max, row.above_limit_ns),
            ("≤", COUNTS_MAX, row.counts_multiple),
            ("≤", SKEWED_MAX, row.skewed_multiple),
        )
        if goal is not None and value is not None
    ]
    notes.append(f"Goals: {sum(verdicts)} of {len(verdicts)} met.")
    if results.moved:
        notes.append(f"Left out: {results.moved} points during which the host moved the cores nearer or farther.")
    for point in results.wrong:
        name = f"{NAMES.get(point.library, point.library)} {point.setting}".rstrip()
        notes.append(f"**Wrong result**: {point.collective} of {name}, {point.ranks} ranks, {point.bytes} bytes.")
    return notes


def _speedups(rows: list[Row]) -> list[str]:
    compared = [row for row in rows if row.openmpi_multiple is not None]
    if not compared:
        return []
    means = [
        f"{name} {openmpi_speedup(own):.2f} ({len(own)} rows)"
        for name in COLLECTIVES
        if (own := [row for row in compared if row.collective == name])
    ]
    slower = sum(row.openmpi_multiple > SLOWER_MAX for row in compared)
    return [
        f"Open MPI's best time ÷ bccl's, geometric mean: {', '.join(means)}; all {openmpi_speedup(compared):.2f}.",
        f"Slower than Open MPI by more than 5 %: {slower} of {len(compared)} rows.",
    ]
