"""`greenqd simulate --history` on the ledger of a real daemon, while it runs and after: figures equal our own arithmetic, nothing is written."""
import csv
import json
import os
import subprocess
import unittest

import harness
from harness import MJ_PER_KWH, Replay, now_ms, shell_job, utc_ms

SPEED = 1800  # a recorded hour in two seconds
MARGINAL = os.path.join(harness.ROOT, "config", "replay", "caiso-pge-2020-07-marginal.csv")
AVERAGE = os.path.join(harness.ROOT, "config", "replay", "ciso-2020-07-average.csv")
START = "2020-07-13T01:00:00Z"
PUE = 1.25
BUSY = "for i in $(seq 300000); do :; done; sleep 1"


class HistoryTest(harness.E2eTest):
    def make(self, **more):
        anchor = now_ms()
        self.marginal, self.average = (Replay(path, START, SPEED, anchor) for path in (MARGINAL, AVERAGE))
        # A huge processor, so that the grams of a few seconds have enough digits to compare.
        return self.daemon({"site": {"zone": "US-CAL-CISO", "signal": "marginal", "pue": PUE}, "exec": {"run_as": "self"},
                            "node": {"cpus": 4, "memory": "8GiB"}, "meter": {"interval": "200ms", "slice": "2s", "cpu_tdp": "90kW"},
                            "feeds": [self.marginal.feed("marginal"), self.average.feed("average")]} | more)

    def simulate(self, daemon, *arguments, state=None):
        command = [os.path.join(harness.BIN, "greenqd"), "--config", daemon.config, "simulate", "--history", "--state-dir",
                   state or daemon.state, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120 * harness.SLOW, check=False)

    def report(self, daemon, *arguments):
        out = os.path.join(daemon.dir, "out.csv")
        done = self.simulate(daemon, "--since", "1h", "--perfect-forecast", "--out", out, "-o", "json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        runs = {}
        with open(out, encoding="utf-8") as file:
            for row in csv.DictReader(file):
                runs.setdefault(row["job_id"], []).append((float(row["start_s"]), float(row["end_s"])))
        return json.loads(done.stdout), runs

    def refused(self, daemon, words, *arguments, state=None):
        done = self.simulate(daemon, *arguments, state=state)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertIn(words, done.stderr)

    def settled(self, daemon, job):
        def final():
            answer = daemon.json("report", job)
            answer = answer[0] if isinstance(answer, list) else answer
            answer = answer.get("footprint", answer)
            return int(answer["energy"]["total_mj"]) if answer["final"] else None
        return harness.wait_for(final, 30, f"the final footprint of job {job}")

    def run_jobs(self, daemon):
        """Four that end, one that runs on, one that is held. Energy in mJ and run of each that ended."""
        shift = {"policy": "shift", "max_delay": "8s"}
        jobs = [daemon.submit(shell_job("a", BUSY, expected_duration="2s", carbon=shift)),
                daemon.submit(shell_job("b", BUSY, expected_duration="2s", carbon=shift)),
                daemon.submit(shell_job("c", BUSY, expected_duration="2s")),
                daemon.submit(shell_job("d", BUSY, expected_duration="2s"))]
        daemon.submit(shell_job("long", "sleep 300", time_limit="10m"))
        daemon.submit(shell_job("held", "true", hold=True))
        out = {}
        for job in jobs:
            ended = daemon.wait_state(job, harness.TERMINAL, timeout=90)
            self.assertEqual(ended["state"], "STATE_SUCCEEDED", ended["message"])
            attempt = ended["attempts"][0]
            out[job] = {"energy": self.settled(daemon, job), "begin": utc_ms(attempt["start_time"]), "end": utc_ms(attempt["end_time"]),
                        "submit": utc_ms(ended["create_time"])}
        last = max(job["end"] for job in out.values())
        harness.wait_for(lambda: now_ms() > last + 8 * self.marginal.step_ms, 60, "the hours after the jobs")
        return out

    def kilograms(self, replay, jobs, runs):
        """Each job's energy, spread evenly over its runs (milliseconds of wall time)."""
        grams = 0
        for job, times in runs.items():
            length = sum(end - begin for begin, end in times)
            integral = sum(replay.integral(round(begin), round(end)) for begin, end in times)
            grams += jobs[job]["energy"] * PUE * integral / length / MJ_PER_KWH / 1000
        return grams / 1000

    def check(self, daemon, jobs):
        report, runs = self.report(daemon, "--policy", "lowest-window", "--compare", "greenq,easy")
        history = report["history"]
        self.assertEqual(report["jobs"], len(jobs))
        self.assertEqual(history["left_out"], {"still queued, running or paused": 2})
        self.assertEqual((history["unit"], report["cluster_gpus"], history["capacity_from"]), ("CPU", 4, "node.cpus"))
        self.assertEqual(history["borrowed_h"], 0)
        self.assertIn("played faster", history["notes"][0])
        policies = {policy["policy"]: policy for policy in report["policies"]}
        self.assertEqual(set(policies), {"lowest-window", "greenq", "easy", "as it was"})

        was = {job: [(facts["begin"], facts["end"])] for job, facts in jobs.items()}
        for book, replay in (("decided", self.marginal), ("other", self.average)):
            ours = self.kilograms(replay, jobs, was)
            self.assertAlmostEqual(policies["as it was"][book]["kg"], ours, delta=ours * 2e-3)

        begin = utc_ms(history["simulated_from"])
        would = {job: [(begin + a * 1000, begin + b * 1000) for a, b in times] for job, times in runs.items()}
        for job, times in would.items():
            self.assertEqual(len(times), 1)
            self.assertAlmostEqual(times[0][1] - times[0][0], jobs[job]["end"] - jobs[job]["begin"], delta=2)
            self.assertGreaterEqual(times[0][0], jobs[job]["submit"] - self.marginal.step_ms / 10, "not before its slot")
        ours = self.kilograms(self.marginal, jobs, would)
        self.assertAlmostEqual(policies["lowest-window"]["decided"]["kg"], ours, delta=ours * 2e-3)
        self.assertLessEqual(policies["lowest-window"]["decided"]["kg"], report["baseline"]["decided"]["kg"] * 1.0001)
        self.assertEqual(policies["lowest-window"]["missed"], 0)
        return report

    def test_while_it_runs_and_after(self):
        daemon = self.make().start()
        jobs = self.run_jobs(daemon)
        running = self.check(daemon, jobs)
        daemon.greenq("submit", "-", text="run: 'true'\ncarbon: {policy: none}\nhold: true\n")  # the ledger can still be written
        daemon.stop()
        files = {name: os.stat(os.path.join(daemon.state, name)).st_mtime_ns for name in os.listdir(daemon.state) if name.startswith("greenq.db")}
        done = self.simulate(daemon, "--since", "1h", "--perfect-forecast", "--policy", "lowest-window")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{len(jobs)} jobs, unit: CPU, 4 of them (node.cpus)", done.stdout)
        self.assertIn("Left out: 3 still queued, running or paused.", done.stdout)
        self.assertIn("Simulated with lowest-window: ", done.stdout)
        self.assertIn(" bounds missed instead of ", done.stdout)
        after, _ = self.report(daemon, "--policy", "easy")
        self.assertAlmostEqual(after["baseline"]["decided"]["kg"], running["baseline"]["decided"]["kg"], delta=1e-9)
        now = {name: os.stat(os.path.join(daemon.state, name)).st_mtime_ns for name in os.listdir(daemon.state) if name.startswith("greenq.db")}
        self.assertEqual(now, files, "read only")
        self.refused(daemon, "no job was submitted from 2001", "--since", "2001-01-01", "--until", "2001-01-02", "--carbon", self.carbon(daemon))

    def carbon(self, daemon):
        path = os.path.join(daemon.dir, "carbon.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# kind: marginal direct\n# step_s: 86400\ntime_utc,gco2_per_kwh\n2001-01-01T00:00:00Z,300\n2001-01-02T00:00:00Z,200\n")
        return path

    def test_what_is_missing_is_named(self):
        daemon = self.make(feeds=[])
        nowhere = os.path.join(daemon.dir, "nowhere")
        self.refused(daemon, f"there is no {nowhere}/greenq.db; name the state directory of the daemon with --state-dir", state=nowhere)
        self.assertFalse(os.path.exists(nowhere))
        daemon.start()
        self.refused(daemon, "no marginal figures that were measured in that time are stored for zone US-CAL-CISO; `greenq feeds`")
        self.refused(daemon, '--since: error: must be a time span before now like 30d, or a time like 2026-11-01', "--since", "lately")
        daemon.stop()


if __name__ == "__main__":
    harness.main()
