"""Each rule of house_rules.py catches its planted breach, and a clean tree passes."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house_rules  # noqa: E402


class HouseRules(unittest.TestCase):
    def check(self, **files):
        with tempfile.TemporaryDirectory(prefix="greenq-tidy-") as root:
            tree = {"README.md": "", "CHANGELOG.md": "", "LICENSE": "", "deploy/adr/0001.md": "", "daemon/core/README.md": "",
                    "daemon/app/README.md": "", "daemon/feed/README.md": "", "daemon/store/README.md": ""}
            tree.update({path.replace("__", "/").replace("_DOT_", "."): text for path, text in files.items()})
            for path, text in tree.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return [(path, line, rule) for path, line, rule, _ in house_rules.check(root)]

    def test_clean_tree(self):
        self.assertEqual(self.check(daemon__core__a_DOT_cpp='#include "core/b.hpp"\n#include <vector>\nint f() { return 1; }\n'), [])

    def test_arrows(self):
        self.assertEqual(self.check(daemon__store__a_DOT_cpp='#include "feed/b.hpp"\n'), [("daemon/store/a.cpp", 1, "arrows")])
        self.assertEqual(self.check(daemon__core__a_DOT_cpp='#include "app/b.hpp"\n'), [("daemon/core/a.cpp", 1, "arrows")])
        self.assertEqual(self.check(client__a_DOT_cpp='#include "core/b.hpp"\n'), [("client/a.cpp", 1, "arrows")])

    def test_pure_core(self):
        self.assertEqual(self.check(daemon__core__a_DOT_cpp="#include <thread>\n"), [("daemon/core/a.cpp", 1, "pure")])
        self.assertEqual(self.check(daemon__core__a_DOT_cpp="auto t = std::chrono::system_clock::now();\n"),
                         [("daemon/core/a.cpp", 1, "pure")])
        self.assertEqual(self.check(daemon__core__a_DOT_cpp="// never calls ::now()\n"), [])

    def test_clock(self):
        now = "auto t = std::chrono::steady_clock::now();"
        self.assertEqual(self.check(daemon__app__engine_DOT_cpp=now + "\n"), [("daemon/app/engine.cpp", 1, "clock")])
        self.assertEqual(self.check(daemon__app__system_clock_DOT_cpp=now + "\n"), [])
        self.assertEqual(self.check(daemon__app__engine_DOT_cpp=now + "  // tidy-allow clock: measures itself\n"), [])
        self.assertEqual(len(self.check(daemon__app__engine_DOT_cpp=now + "  // tidy-allow clock:\n")), 1)

    def test_default(self):
        self.assertEqual(self.check(daemon__app__a_DOT_cpp="void f() {\n  switch (x) {\n    default:\n  }\n}\n"),
                         [("daemon/app/a.cpp", 3, "default")])
        self.assertEqual(self.check(daemon__app__a_DOT_cpp="void f() {\n  switch (c) {\n    default:  // default: characters\n  }\n}\n"), [])

    def test_lengths(self):
        body = "  int x = 1;\n" * 80
        self.assertEqual(self.check(daemon__app__a_DOT_cpp="namespace a {\nint f() {\n" + body + "}\n}\n"),
                         [("daemon/app/a.cpp", 2, "length")])
        self.assertEqual(self.check(daemon__app__a_DOT_hpp="struct A {\n" + body + "};\n"), [])
        self.assertEqual(self.check(daemon__app__a_DOT_cpp="int x;\n" * 401), [("daemon/app/a.cpp", 400, "length")])

    def test_readme(self):
        self.assertEqual(self.check(daemon__exec__a_DOT_cpp=""), [("daemon/exec/README.md", 1, "readme")])

    def test_paths(self):
        self.assertEqual(self.check(daemon__app__a_DOT_cpp='auto p = "/root/x";\n'), [("daemon/app/a.cpp", 1, "paths")])
        self.assertEqual(self.check(daemon__app__a_DOT_cpp="int x; \n"), [("daemon/app/a.cpp", 1, "paths")])

    def test_one_http(self):
        beast = "#include <boost/beast/http.hpp>\n"
        self.assertEqual(self.check(daemon__feed__a_DOT_cpp=beast), [])
        self.assertEqual(self.check(daemon__feed__a_DOT_cpp=beast, daemon__feed__b_DOT_cpp=beast), [("daemon/feed/b.cpp", 1, "one-http")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
