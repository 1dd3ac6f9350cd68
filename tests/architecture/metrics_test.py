"""Every metric that a source makes is named in docs/operating.md, and the other way round."""

import pathlib
import re
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def made(repository):
    sources = [file for folder in ("gateway", "services") for pattern in ("*.cc", "*.h")
               for file in (repository / folder).rglob(pattern) if not file.name.endswith("_test.cc")]
    return {name for file in sources for name in re.findall(r'"(imprint_[a-z0-9_]+)"', file.read_text())}


def documented(repository):
    return set(re.findall(r"`(imprint_[a-z0-9_]+)", (repository / "docs" / "operating.md").read_text()))


class Metrics(unittest.TestCase):
    def test_what_is_made_is_documented(self):
        self.assertGreater(len(made(REPOSITORY)), 30)
        self.assertEqual(made(REPOSITORY) - documented(REPOSITORY), set())

    def test_what_is_documented_is_made(self):
        self.assertEqual(documented(REPOSITORY) - made(REPOSITORY), set())


if __name__ == "__main__":
    unittest.main()
