"""tools/check_links.py finds links that lead nowhere."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_links.py"


class CheckLinks(unittest.TestCase):
    def check(self, **pages):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in pages.items():
                Path(folder, f"{name}.html").write_text(text, encoding="utf-8")
            run = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)
            return run.returncode, run.stdout

    def test_good_links(self):
        code, said = self.check(a='<a href="b.html#here">b</a> <a href="#up">up</a> <p id="up">', b='<h1 id="here">b</h1>')
        self.assertEqual((code, said), (0, "check_links: 2 links are good\n"))

    def test_a_page_that_is_missing(self):
        code, said = self.check(a='<a href="c.html">c</a>')
        self.assertEqual(code, 1)
        self.assertIn("links to 'c.html', expected a page that is there", said)

    def test_a_place_that_is_missing(self):
        code, said = self.check(a='<a href="#nowhere">x</a>')
        self.assertEqual(code, 1)
        self.assertIn("links to '#nowhere', expected a place on that page", said)

    def test_other_sites_are_left_alone_and_no_links_are_suspicious(self):
        self.assertEqual(self.check(a='<a href="https://example.org/x">x</a>')[0], 1)


if __name__ == "__main__":
    unittest.main()
