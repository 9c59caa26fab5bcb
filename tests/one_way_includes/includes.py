"""Holds every #include of the tree to the table of docs/architecture.md ("who may use whom").

A part is a folder of the table. Its files name headers of the project from the include root on ("room/header.h",
<bccl/bccl.h>), whether in quotes or in angle brackets; the part that such a header lies in must be the file's own or
one that the table allows. Headers of the system are nobody's business here.

    includes.py ROOT    prints what breaks the table, one line each, and fails if there is anything
"""

import re
import sys
from pathlib import Path

SOURCES = {".h", ".c", ".cpp"}
# Where an include is looked up, in this order; the last is for tools/bccl.
INCLUDE_ROOTS = ("src", "include", ".")
ROW = re.compile(r"^\| ((?:src|include|tools)/\w+|examples) \|([^|]*)\|$")
INCLUDE = re.compile(r"^\s*#\s*include\b\s*(.*)$")
NAMED = re.compile(r'^(?:"([^"]+)"|<([^>]+)>)')


def read_table(page):
    """The rows, in order: part -> parts that it may include."""
    rows = (ROW.match(line) for line in page.read_text().splitlines())
    return {row[1]: [name.strip() for name in row[2].split(",") if name.strip()] for row in rows if row}


def check_table(root, table):
    """Every folder is in the table, nothing else is, and a part stands below those that it may use."""
    above = set()
    for part, allowed in table.items():
        if not (root / part).is_dir():
            yield f"the table names {part}, which does not exist"
        for other in allowed:
            if other not in above:
                yield f"the table lets {part} include {other}, which does not stand above it"
        above.add(part)
    for folder in sorted(folder for top in ("src", "include", "tools") for folder in (root / top).glob("*/")):
        if folder.relative_to(root).as_posix() not in table:
            yield f"{folder.relative_to(root)} is not in the table"


def part_of(path, table):
    return next((part for part in table if path.startswith(part + "/")), None)


def find(root, name):
    """The project's file that an include means, from the root on; None for the system's."""
    for base in INCLUDE_ROOTS:
        path = Path(base, name).as_posix()
        if (root / path).is_file():
            return path
    return None


def check_include(root, table, source, what):
    """What is wrong with one include, or None."""
    named = NAMED.match(what)
    if not named:
        return f"{what} does not name a file"
    name = named[1] or named[2]
    if ".." in Path(name).parts:
        return f'"{name}" climbs out of its folder: name it from the include root on'
    target = find(root, name)
    if target is None:
        return f'"{name}" does not exist under src, include or the root' if named[1] else None
    own, other = part_of(source, table), part_of(target, table)
    if other == own or other in table[own]:
        return None
    return f"{own} may not include {other or target}: {name}"


def check_tree(root):
    table = read_table(root / "docs/architecture.md")
    yield from check_table(root, table)
    for part in table:
        for path in sorted(path for path in (root / part).rglob("*") if path.suffix in SOURCES):
            source = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                include = INCLUDE.match(line)
                wrong = check_include(root, table, source, include[1]) if include else None
                if wrong:
                    yield f"{source}:{number}: {wrong}"


def main():
    wrongs = list(check_tree(Path(sys.argv[1])))
    print("\n".join(wrongs) or "every include is allowed")
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
