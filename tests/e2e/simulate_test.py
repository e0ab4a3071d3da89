"""`greenqd simulate` as an operator runs it: figures equal our own arithmetic over the schedule it wrote, and wrong input is named."""
import csv
import json
import os
import random
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import harness

CARBON = os.path.join(harness.ROOT, "config", "replay", "ciso-2020-07-average.csv")
START = "2020-07-04T00:00:00Z"
GPUS, WATTS, SLACK_H = 8, 300, 24


class SimulateTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="greenq-simulate-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        chance = random.Random(3)
        self.jobs, submit = {}, 0
        for number in range(1, 61):
            submit += chance.randrange(300, 7200)
            self.jobs[number] = (submit, chance.randrange(1800, 6 * 3600), chance.choice([1, 1, 2, 4]), number % 2 == 1)
        with open(self.path("jobs.csv"), "w", encoding="utf-8") as file:
            file.write("job_id,submit_s,duration_s,gpus,interruptible\n")
            for number, (at, length, gpus, pauses) in self.jobs.items():
                file.write(f"{number},{at},{length},{gpus},{'yes' if pauses else 'no'}\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def simulate(self, *arguments):
        command = [os.path.join(harness.BIN, "greenqd"), "simulate", "--jobs", self.path("jobs.csv"), "--carbon", CARBON, "--start", START,
                   "--gpus", str(GPUS), "--power", str(WATTS), "--slack", str(SLACK_H), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120 * harness.SLOW, check=False)

    def schedule(self, *arguments):
        """The JSON report and the segments of each job."""
        done = self.simulate("--out", self.path("out.csv"), "-o", "json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        segments = {}
        with open(self.path("out.csv"), encoding="utf-8") as file:
            for row in csv.DictReader(file):
                segments.setdefault(int(row["job_id"]), []).append((int(row["start_s"]), int(row["end_s"])))
        return json.loads(done.stdout), segments

    def check_schedule(self, segments):
        self.assertEqual(set(segments), set(self.jobs))
        edges = []
        for number, runs in segments.items():
            submit, length, gpus, pauses = self.jobs[number]
            self.assertEqual(sum(end - begin for begin, end in runs), length, number)
            self.assertGreaterEqual(runs[0][0], submit)
            self.assertTrue(pauses or len(runs) == 1, number)
            self.assertTrue(all(a[1] <= b[0] for a, b in zip(runs, runs[1:])), number)
            edges += [edge for begin, end in runs for edge in ((begin, gpus), (end, -gpus))]
        used = 0
        for _, change in sorted(edges):
            used += change
            self.assertLessEqual(used, GPUS)

    def kilograms(self, segments):
        begin = harness.utc_ms(START) // 1000
        grams = dict(harness.read_series(CARBON))  # mg/kWh by hour
        total = 0
        for number, runs in segments.items():
            for at, end in runs:
                while at < end:
                    stop = min(end, (at // 3600 + 1) * 3600)
                    hour = (begin + at) // 3600 * 3600 * 1000
                    total += grams[hour] * (stop - at) / 3600 * self.jobs[number][2] * WATTS / 1000
                    at = stop
        return total / 1e9 * 1e3

    def test_figures_equal_our_own_and_nothing_is_over_capacity(self):
        report, segments = self.schedule("--compare", "fcfs,easy", "--bound", "--plot", self.path("load.svg"))
        self.check_schedule(segments)
        ours = self.kilograms(segments)
        policies = {policy["policy"]: policy for policy in report["policies"]}
        self.assertEqual(set(policies), {"greenq", "fcfs", "easy"})
        greenq = policies["greenq"]
        self.assertAlmostEqual(greenq["decided"]["kg"], ours, delta=ours * 1e-4)
        self.assertEqual(greenq["missed"], 0)
        late = [n for n, runs in segments.items() if runs[-1][1] > self.jobs[n][0] + self.jobs[n][1] + SLACK_H * 3600]
        self.assertEqual(late, [])
        self.assertLessEqual(report["bound_with_pauses_kg"], ours * 1.0001)
        self.assertLess(greenq["decided"]["kg"], policies["easy"]["decided"]["kg"])
        xml.etree.ElementTree.parse(self.path("load.svg"))

    def test_the_plain_queue_is_what_savings_compare_with(self):
        report, segments = self.schedule("--policy", "easy", "--no-pause")
        self.check_schedule(segments)
        self.assertAlmostEqual(report["baseline"]["decided"]["kg"], self.kilograms(segments), delta=1e-3)
        self.assertEqual(report["policies"][0]["decided"]["saving_percent"], 0)

    def test_wrong_input_is_named_and_nothing_is_written(self):
        with open(self.path("jobs.csv"), "a", encoding="utf-8") as file:
            file.write("61,10,-5,1,maybe\n62,20,60,99,no\n")
        done = self.simulate("--out", self.path("out.csv"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("jobs.csv:62:7: error: duration_s", done.stderr)
        self.assertIn("interruptible must be yes or no", done.stderr)
        self.assertIn("jobs.csv:63:", done.stderr)
        self.assertFalse(os.path.exists(self.path("out.csv")))


if __name__ == "__main__":
    harness.main()
