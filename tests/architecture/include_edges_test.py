"""The check itself must see what it is for: each kind of wrong include, planted."""

import pathlib
import unittest

from include_edges import cycles, problems, problems_in, read_edges, unused

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EDGES = read_edges(REPOSITORY / "tests" / "architecture" / "edges.txt")


def check(path, text):
    return problems_in(pathlib.Path(path), text, EDGES)


class IncludeEdges(unittest.TestCase):
    def test_allowed_includes_pass(self):
        self.assertEqual(check("text/a.cc", '#include "base/sha256.h"\n#include "text/b.h"\n'), [])
        self.assertEqual(check("engine/model/a.h", "#include <ATen/ATen.h>\n"), [])

    def test_a_forbidden_edge_fails(self):
        self.assertIn("text may not include imaging/decode.h",
                      check("text/a.cc", '#include "imaging/decode.h"\n')[0])
        self.assertTrue(check("base/a.h", '  #  include "text/clip_tokenizer.h"\n'))
        self.assertTrue(check("engine/scoring/a.cc", '#include "orders/training_recipe.h"\n'))

    def test_libtorch_outside_of_the_engine_fails(self):
        self.assertTrue(check("cli/imprint_engine/a.cc", "#include <ATen/ATen.h>\n"))
        self.assertTrue(check("engine/training/training_run.h", "#include <torch/torch.h>\n"))
        self.assertTrue(check("engine/sampling/sampler.h", '#include "engine/model/unet.h"\n'))

    def test_another_parts_namespace_fails(self):
        self.assertEqual(check("gateway/jobs/a.h", "namespace imprint::gateway {\n"), [])
        self.assertEqual(check("gateway/jobs/a.h", "namespace imprint {\nclass Clock;\n}\n"), [])
        self.assertTrue(check("gateway/jobs/a.h", "namespace imprint {\nclass Clock {};\n}\n"))
        self.assertTrue(check("services/rank/a.h", "namespace imprint::node {\n"))
        self.assertTrue(check("engine/noise/a.h", "namespace imprint::gateway {\n"))

    def test_an_unknown_folder_fails(self):
        self.assertTrue(check("engine/magic/a.cc", ""))

    def test_an_edge_that_nobody_needs_fails(self):
        edges = {**EDGES, "text": EDGES["text"] | {"imaging"}}
        self.assertEqual(unused(edges, REPOSITORY), ["edges.txt: text includes nothing of imaging"])

    def test_a_cycle_fails(self):
        self.assertTrue(cycles({"a": {"b"}, "b": {"a"}}))
        self.assertEqual(cycles(EDGES), [])

    def test_the_repository_passes(self):
        self.assertEqual(problems(REPOSITORY), [])


if __name__ == "__main__":
    unittest.main()
