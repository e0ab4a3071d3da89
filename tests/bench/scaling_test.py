"""scaling.py reads what google-benchmark writes, also with arguments of later days, and writes SVG that is whole."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scaling  # noqa: E402


def entry(name, ms, **more):
    return {"name": name, "run_name": name, "run_type": "iteration", "cpu_time": ms, "time_unit": "ms", **more}


RUNS = [entry("plan/jobs:1000/step_min:60/mix:0/slack_h:168/pools:2", 68.0, bytes_a_job=860.0),
        entry("plan/jobs:10000/step_min:60/mix:0/slack_h:168/pools:2", 590.0, bytes_a_job=760.0),
        entry("plan/jobs:10000/step_min:5/mix:0/slack_h:168/pools:2", 0.9, bytes_a_job=760.0, time_unit="s"),
        entry("plan/jobs:10000/step_min:5/mix:0/slack_h:168/pools:4", 1500.0, bytes_a_job=770.0),
        entry("plan/jobs:10000/step_min:5/mix:0/slack_h:168/pools:4", 1490.0, run_type="aggregate"),
        entry("plan/jobs:99/step_min:5/mix:0/slack_h:168/pools:4", 1.0, error_occurred=True)]


class Scaling(unittest.TestCase):
    def draw(self, entries):
        with tempfile.TemporaryDirectory(prefix="greenq-scaling-") as folder:
            kept = os.path.join(folder, "plan.json")
            with open(kept, "w", encoding="utf-8") as file:
                json.dump({"benchmarks": entries}, file)
            out = os.path.join(folder, "figures")
            with mock.patch.object(sys, "argv", ["scaling.py", "--from", kept, "--out", out]), \
                    contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                scaling.main()
            texts = {}
            for name in os.listdir(out):
                with open(os.path.join(out, name), encoding="utf-8") as file:
                    texts[name] = file.read()
            return texts

    def test_each_figure_joins_runs_that_differ_in_one_thing(self):
        texts = self.draw(RUNS)
        self.assertEqual(sorted(texts), ["memory-jobs.svg", "memory-lanes.svg", "memory-slots.svg", "time-jobs.svg",
                                         "time-lanes.svg", "time-slots.svg"])
        for text in texts.values():
            ElementTree.fromstring(text)
            self.assertIn("prefers-color-scheme: dark", text)
            self.assertEqual(text.count("<polyline"), 1)
        self.assertIn("whole plan: 590 ms at 10,000", texts["time-jobs.svg"])
        self.assertIn("whole plan: 900 ms at 2,016", texts["time-slots.svg"])
        self.assertIn("whole plan: 1,500 ms at 4", texts["time-lanes.svg"])
        self.assertIn("whole plan: 7.6 MB at 10,000", texts["memory-jobs.svg"])

    def test_targets_stand_where_the_jobs_reach_them(self):
        self.assertNotIn("target", self.draw(RUNS)["time-jobs.svg"].split("</style>")[1])
        large = entry("plan/jobs:100000/step_min:60/mix:0/slack_h:168/pools:2", 9000.0, bytes_a_job=700.0)
        self.assertIn("target: one more job, 20 ms at 100,000", self.draw([*RUNS, large])["time-jobs.svg"])

    def test_arguments_that_are_new_are_named_and_sites_are_lanes(self):
        name = "plan/jobs:10000/step_min:5/mix:0/slack_h:168/pools:2/sites:{}/depth:{}"
        entries = [entry(name.format(sites, depth), sites * depth * 1.0) for sites in (1, 2, 8) for depth in (1, 3)]
        texts = self.draw(entries)
        self.assertEqual(sorted(texts), ["time-lanes.svg"])
        self.assertIn("3 depth: 24 ms at 16", texts["time-lanes.svg"])
        self.assertEqual(texts["time-lanes.svg"].count("<polyline"), 2)

    def test_without_two_runs_to_compare_it_says_so(self):
        with self.assertRaises(SystemExit) as ended:
            self.draw(RUNS[:1])
        self.assertEqual(ended.exception.code, 1)


if __name__ == "__main__":
    unittest.main()
