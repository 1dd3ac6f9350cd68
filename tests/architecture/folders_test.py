"""The picture of ARCHITECTURE.md is what the includes are, and the drawing does what it says."""

import pathlib
import unittest

from folders import PICTURE, draw, graph_of, levels, reduced

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class Folders(unittest.TestCase):
    def test_the_picture_is_of_the_includes(self):
        self.assertEqual((REPOSITORY / PICTURE).read_text(), draw(graph_of(REPOSITORY)),
                         "draw it anew: python3 tests/architecture/folders.py .")

    def test_an_arrow_that_others_imply_is_left_out(self):
        self.assertEqual(reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}),
                         {"a": {"b"}, "b": {"c"}, "c": set()})

    def test_a_folder_stands_above_all_that_it_includes(self):
        graph = {"a": {"b", "d"}, "b": {"c", "d"}, "c": set(), "d": set()}
        rows = levels(graph)
        row = {folder: number for number, row in enumerate(rows) for folder in row}
        for folder, below in graph.items():
            for other in below:
                self.assertGreater(row[folder], row[other])


if __name__ == "__main__":
    unittest.main()
