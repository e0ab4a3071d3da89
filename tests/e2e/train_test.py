"""The example job config/examples/train.py: learns, reports, checkpoints on a signal and resumes."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRAIN = os.path.join(ROOT, "config", "examples", "train.py")


class TrainTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="greenq-train-")
        self.addCleanup(self.dir.cleanup)
        self.metrics = os.path.join(self.dir.name, "metrics.jsonl")

    def start(self, *arguments, **env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GREENQ_")}
        clean.update(GREENQ_METRICS_FILE=self.metrics, **env)
        return subprocess.Popen([sys.executable, TRAIN, *arguments], cwd=self.dir.name, env=clean, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def finish(self, process):
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def lines(self):
        with open(self.metrics, encoding="ascii") as file:
            return [json.loads(line) for line in file]

    def wait_for_metrics(self, process, count):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                self.fail(f"ended early with {process.returncode}: {process.stdout.read()}")
            if os.path.exists(self.metrics) and len(self.lines()) >= count:
                return
            time.sleep(0.02)
        self.fail("no metrics within 60 s")

    def test_learns(self):
        code, output = self.finish(self.start("--steps", "400"))
        self.assertEqual(code, 0, output)
        lines = self.lines()
        self.assertEqual([line["step"] for line in lines], list(range(50, 401, 50)))
        self.assertLess(lines[-1]["loss"], lines[0]["loss"] / 2)
        self.assertGreater(lines[-1]["accuracy"], 0.8)
        self.assertEqual(os.listdir(self.dir.name), ["metrics.jsonl"], "leaves no checkpoint behind")

    def test_same_seed_same_result(self):
        for _ in range(2):
            self.assertEqual(self.finish(self.start("--steps", "40", "--report", "20", "--seed", "7"))[0], 0)
        lines = self.lines()
        self.assertEqual(lines[:2], lines[2:])

    def test_time_budget(self):
        code, output = self.finish(self.start("--seconds", "1"))
        self.assertEqual(code, 0, output)
        self.assertIn("finished after", output)

    def check_resume(self, wanted, number, **env):
        first = self.start("--steps", "2000", "--report", "10", **env)
        self.wait_for_metrics(first, 2)
        first.send_signal(number)
        code, output = self.finish(first)
        self.assertEqual(code, 85, output)
        saved = int(output.split("saved at step ")[1].split()[0])
        self.assertTrue(os.path.exists(os.path.join(self.dir.name, wanted)))

        code, output = self.finish(self.start("--steps", str(saved + 25), "--report", "10", **env))
        self.assertEqual(code, 0, output)
        self.assertIn(f"resumed at step {saved} ", output)
        steps = [line["step"] for line in self.lines()]
        self.assertEqual(steps, sorted(set(steps)), "no step is reported twice")
        self.assertEqual(steps[-1], saved + 25)

    def test_checkpoint_and_resume(self):
        self.check_resume("checkpoint.json", signal.SIGUSR1)

    def test_checkpoint_by_the_signal_that_greenq_names(self):
        self.check_resume("checkpoint-projects-p-jobs-7.json", signal.SIGUSR2,
                          GREENQ_CHECKPOINT_SIGNAL="SIGUSR2", GREENQ_JOB="projects/p/jobs/7")

    def test_resume_gives_the_weights_of_an_undisturbed_run(self):
        self.assertEqual(self.finish(self.start("--steps", "60", "--report", "60"))[0], 0)
        undisturbed = self.lines()[-1]["accuracy"]
        os.remove(self.metrics)
        first = self.start("--steps", "60", "--report", "5")
        self.wait_for_metrics(first, 1)
        first.send_signal(signal.SIGUSR1)
        self.assertEqual(self.finish(first)[0], 85)
        self.assertEqual(self.finish(self.start("--steps", "60", "--report", "60"))[0], 0)
        self.assertEqual(self.lines()[-1]["accuracy"], undisturbed)

    def test_bad_arguments(self):
        self.assertEqual(self.finish(self.start("--seconds", "0"))[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
