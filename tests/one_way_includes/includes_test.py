"""The include check finds what it should: each test breaks a small tree that is right in one way."""

import tempfile
import unittest
from pathlib import Path

from includes import check_tree

TREE = {
    "docs/architecture.md": """
| part | may include |
|---|---|
| include/bccl | |
| src/base | |
| src/plan | src/base |
| src/algos | src/plan |
| src/api | include/bccl, src/algos |
| examples | include/bccl |
""",
    "include/bccl/bccl.h": "#include <stddef.h>\n",
    "src/base/status.h": "#include <string>\n",
    "src/plan/plan.h": '#include <vector>\n#include "base/status.h"\n',
    "src/plan/text.cpp": '#include "plan/plan.h"\n',
    "src/algos/ring.cpp": '#include "plan/plan.h"\n',
    "src/api/calls.cpp": "  #  include <bccl/bccl.h>\n",
    "examples/first.c": "#include <bccl/bccl.h>\n",
}


class OneWayIncludes(unittest.TestCase):
    def check(self, changes):
        """What is found once these files are added or replaced."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**TREE, **changes}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(check_tree(Path(folder)))

    def expect(self, finding, changes):
        self.assertEqual([finding], self.check(changes))

    def test_a_tree_that_follows_its_table_passes(self):
        self.assertEqual([], self.check({}))

    def test_a_room_that_includes_one_above_it_is_found(self):
        self.expect(
            "src/base/log.cpp:2: src/base may not include src/plan: plan/plan.h",
            {"src/base/log.cpp": '#include <string>\n#include "plan/plan.h"\n'},
        )

    def test_what_is_allowed_to_an_allowed_room_is_not_thereby_allowed(self):
        self.expect(
            "src/algos/tree.h:1: src/algos may not include src/base: base/status.h",
            {"src/algos/tree.h": '#include "base/status.h"\n'},
        )

    def test_angle_brackets_hide_nothing(self):
        self.expect(
            "src/base/log.cpp:1: src/base may not include src/plan: plan/plan.h",
            {"src/base/log.cpp": "#include <plan/plan.h>\n"},
        )

    def test_the_public_header_is_only_for_those_who_may(self):
        self.expect(
            "src/plan/names.h:1: src/plan may not include include/bccl: bccl/bccl.h",
            {"src/plan/names.h": "#include <bccl/bccl.h>\n"},
        )

    def test_the_public_header_stands_on_nothing_of_the_project(self):
        self.expect(
            "include/bccl/more.h:1: include/bccl may not include src/base: base/status.h",
            {"include/bccl/more.h": '#include "base/status.h"\n'},
        )

    def test_an_example_includes_the_public_header_alone(self):
        self.expect(
            "examples/second.cpp:1: examples may not include src/base: base/status.h",
            {"examples/second.cpp": '#include "base/status.h"\n'},
        )

    def test_a_room_does_not_include_tests(self):
        self.expect(
            "src/plan/odd.h:1: src/plan may not include tests/plan/sample.h: tests/plan/sample.h",
            {"src/plan/odd.h": '#include "tests/plan/sample.h"\n', "tests/plan/sample.h": ""},
        )

    def test_climbing_is_found(self):
        self.expect(
            'src/base/log.cpp:1: "../plan/plan.h" climbs out of its folder: name it from the include root on',
            {"src/base/log.cpp": '#include "../plan/plan.h"\n'},
        )

    def test_a_header_without_its_room_is_found(self):
        self.expect(
            'src/plan/odd.cpp:1: "plan.h" does not exist under src, include or the root',
            {"src/plan/odd.cpp": '#include "plan.h"\n'},
        )

    def test_a_macro_in_place_of_a_name_is_found(self):
        self.expect("src/plan/odd.cpp:1: HEADER does not name a file", {"src/plan/odd.cpp": "#include HEADER\n"})

    def test_a_room_that_the_table_forgets_is_found(self):
        self.expect("src/exec is not in the table", {"src/exec/operation.h": ""})

    def test_a_room_that_is_gone_is_found(self):
        page = TREE["docs/architecture.md"].replace("| examples", "| src/gone | |\n| examples")
        self.expect("the table names src/gone, which does not exist", {"docs/architecture.md": page})

    def test_a_table_that_goes_round_in_a_circle_is_found(self):
        page = TREE["docs/architecture.md"].replace("| src/base | |", "| src/base | src/plan |")
        self.expect(
            "the table lets src/base include src/plan, which does not stand above it", {"docs/architecture.md": page}
        )


if __name__ == "__main__":
    unittest.main()
