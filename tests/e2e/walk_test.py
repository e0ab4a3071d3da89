"""The main walk: submit, wait for the clean window, run, be metered; and windows and grams that a hand calculation names."""
import csv
import fractions
import io
import os
import re
import unittest

import harness
from harness import MJ_PER_KWH, Replay, job_id, now_ms, round_half_even, shell_job, utc_ms

SPEED = 1800  # a recorded hour in two seconds
MARGINAL = os.path.join(harness.ROOT, "config", "replay", "caiso-pge-2020-07-marginal.csv")
AVERAGE = os.path.join(harness.ROOT, "config", "replay", "ciso-2020-07-average.csv")
START = "2020-07-13T01:00:00Z"
TRAIN = os.path.join(harness.ROOT, "config", "examples", "train.py")


class Grid:
    """Both signals of one place, played from now on."""

    def __init__(self, marginal=MARGINAL, average=AVERAGE, start=START, average_start=None, speed=SPEED):
        anchor = now_ms()
        self.marginal = Replay(marginal, start, speed, anchor)
        self.average = Replay(average, average_start or start, speed, anchor)

    def settings(self, **more):
        return {"site": {"zone": "US-CAL-CISO", "signal": "marginal", "pue": 1.25}, "exec": {"run_as": "self"},
                "node": {"cpus": 8, "memory": "8GiB"},
                # A huge processor, so that the grams of a few seconds have enough digits to compare.
                "meter": {"interval": "200ms", "slice": "2s", "cpu_tdp": "90kW"},
                "feeds": [self.marginal.feed("marginal"), self.average.feed("average")]} | more


class WalkTest(harness.E2eTest):
    def test_walk(self):
        grid = Grid()
        daemon = self.daemon(grid.settings()).start()
        job = daemon.submit({"name": "digits", "run": f"python3 {TRAIN} --seconds 3", "resources": {"cpus": 1, "memory": "256MB"},
                             "time_limit": "2m", "expected_duration": "4s", "carbon": {"policy": "shift", "max_delay": "20s"}})
        queued = daemon.job(job)
        self.assertEqual(queued["state"], "STATE_QUEUED")

        explained = daemon.json("explain", job)
        self.assertEqual(explained["reasons"][0]["code"], "CODE_CARBON_WINDOW")
        self.assertIsNotNone(explained["reasons"][0]["clears_time"])
        self.assertIn("replay", explained["plan"]["source"]["label"])
        self.assertLess(explained["plan"]["chosen"]["mean_mg_per_kwh"], explained["plan"]["now"]["mean_mg_per_kwh"])

        done = daemon.wait_state(job, harness.TERMINAL, timeout=60)
        self.assertEqual(done["state"], "STATE_SUCCEEDED", done["message"])
        self.assertEqual(done["exit_status"], 0)
        self.assertLessEqual(utc_ms(done["start_time"]), utc_ms(queued["latest_start_time"]) + 500)
        self.assertGreater(utc_ms(done["start_time"]) - utc_ms(done["create_time"]), 4000, "it waited for the window")

        log = daemon.greenq("logs", job).stdout
        self.assertIn("finished after", log)
        footprint = daemon.json("report", job)
        footprint = (footprint[0] if isinstance(footprint, list) else footprint)
        footprint = footprint.get("footprint", footprint)
        self.assertGreater(footprint["energy"]["total_mj"], 0)
        self.assertEqual(sum(part["energy_mj"] for part in footprint["energy"]["parts"]), footprint["energy"]["total_mj"])
        for book in ("marginal", "average"):
            self.assertGreater(footprint[book]["carbon_mg"], 0)
            self.assertEqual(footprint[book]["unpriced_mj"], 0)
            self.assertIn("replay", footprint[book]["source"]["label"])
        self.assertGreater(footprint["marginal"]["baseline_mg"], footprint["marginal"]["carbon_mg"])
        self.assertIn("marginal", daemon.greenq("report", job).stdout)
        self.check_what_is_published(daemon, job, footprint)
        metrics = [name for _, _, files in os.walk(os.path.join(daemon.state, "runs")) for name in files if name == "metrics.jsonl"]
        self.assertEqual(len(metrics), 1)
        daemon.stop()

    def check_what_is_published(self, daemon, job, footprint):
        """Each format against the figures of the ledger."""
        def published(*arguments):
            return daemon.greenq("report", job, "--format", *arguments).stdout

        row = next(csv.DictReader(io.StringIO(published("csv"))))
        energy, books = footprint["energy"], {name: footprint[name] for name in ("marginal", "average")}
        self.assertEqual(int(row["energy_mj"]), energy["total_mj"])
        self.assertEqual(sum(int(row[f"{quality}_mj"]) for quality in ("measured", "integrated", "split", "spread", "modelled", "gap_filled")),
                         energy["total_mj"])
        self.assertEqual(float(row["pue"]), 1.25)
        for name, book in books.items():
            self.assertEqual(int(row[f"{name}_carbon_mg"]), book["carbon_mg"])
            self.assertEqual(int(row[f"{name}_priced_mj"]), book["priced_mj"])
            grams = fractions.Fraction(book["carbon_mg"], 1000)
            card = published("huggingface", "--book", name, "--training-type", "fine-tuning")
            stated = re.search(r"^  emissions: (\S+)  # grams", card, re.M).group(1)
            self.assertEqual(fractions.Fraction(stated), grams)
            score = published("sci", "--book", name, "--per", "epoch", "--count", "4", "--embodied-g", "2")
            self.assertAlmostEqual(float(re.match(r"SCI = (\S+) g", score).group(1)), float((grams + 2) / 4), delta=float(grams) * 1e-5)
        for form in ("markdown", "latex"):
            text = published(form)
            self.assertIn("digits", text)
            self.assertRegex(text, r"emissions include PUE 1\.25")
            kilowatt_hours = float(re.search(r"metered (\S+) (k?)Wh", text).group(1)) / (1 if "kWh of one job" in text else 1000)
            self.assertAlmostEqual(kilowatt_hours, energy["total_mj"] / MJ_PER_KWH, delta=energy["total_mj"] / MJ_PER_KWH * 0.006)
        groups = daemon.greenq("report", "--by", "user", "--format", "csv").stdout
        self.assertEqual(int(next(csv.DictReader(io.StringIO(groups)))["jobs"]), 1)

    def test_windows_that_were_not_chosen(self):
        """What plan and explain say of other windows agrees with our own arithmetic, and both draw them."""
        grid = Grid(speed=600)  # the job must wait while it is asked about
        daemon = self.daemon(grid.settings()).start()
        spec = shell_job("late", "true", expected_duration="12s", carbon={"policy": "shift", "max_delay": "75s"})
        path = daemon.write_job(spec)
        job = daemon.submit(spec)
        explained = harness.wait_for(lambda: daemon.json("explain", job)["plan"], 20, f"a plan of job {job}")
        for plan in (daemon.json("plan", path), explained):
            self.check_rejected(grid.marginal, plan)
        for environment, bar in (({"LC_ALL": "C.UTF-8"}, "\u2588"), ({"LC_ALL": "C"}, "#")):
            for verb in (["plan", path], ["explain", job]):
                with self.subTest(verb=verb[0], environment=environment):
                    out = daemon.greenq(*verb, env=environment).stdout
                    self.assertIn("MARGINAL carbon intensity of US-CAL-CISO, g CO2e/kWh\n", out)
                    self.assertIn("= chosen, ^ latest start in ", out)
                    self.assertIn(bar, out)
                    self.assertEqual("\u2588" in out, bar != "#")
        self.assertNotIn("carbon intensity", daemon.greenq("plan", path, "--set", "carbon.policy=none").stdout)
        daemon.stop()

    def check_rejected(self, series, plan):
        chosen, latest = plan["chosen"], utc_ms(plan["latest"]["start_time"])
        self.assertGreater(len(plan["rejected"]), 0, plan)
        end = utc_ms(plan["now"]["start_time"])
        for one in plan["rejected"]:
            window = one["window"]
            begin, mean = utc_ms(window["start_time"]), window["mean_mg_per_kwh"]
            self.assertGreaterEqual(begin, end, "in time, none over another")
            end = utc_ms(window["end_time"])
            self.assertEqual(end - begin, 12_000)
            self.assertAlmostEqual(mean, series.mean(begin, end), delta=2)
            self.assertEqual(one["reason"] == "REASON_AFTER_BOUND", begin > latest, one)
            self.assertEqual(one["reason"] == "REASON_DEARER", mean >= chosen["mean_mg_per_kwh"], one)
        for point in plan["curve"]:
            begin, end = utc_ms(point["start_time"]), utc_ms(point["end_time"])
            self.assertAlmostEqual(point["mg_per_kwh"], series.mean(begin, end), delta=2)
        self.assertEqual(utc_ms(plan["curve"][0]["start_time"]), utc_ms(plan["now"]["start_time"]))

    def check_windows(self, grid):
        """Three jobs with different slack start where our own arithmetic says, and their grams agree with their slices."""
        daemon = self.daemon(grid.settings()).start()
        length = 4000
        slacks = {"none": 0, "small": 12_000, "large": 40_000}
        jobs = {}
        for name, slack in slacks.items():
            carbon = {"policy": "shift", "max_delay": f"{slack}ms"} if slack else {"policy": "none"}
            jobs[name] = daemon.submit(shell_job(name, "for i in $(seq 300000); do :; done; sleep 2", expected_duration="4s", carbon=carbon))
        ended = {name: daemon.wait_state(job, harness.TERMINAL, timeout=90) for name, job in jobs.items()}
        for name, job in ended.items():
            self.assertEqual(job["state"], "STATE_SUCCEEDED", job["message"])
            submitted, started = utc_ms(job["create_time"]), utc_ms(job["start_time"])
            wanted = grid.marginal.cheapest_start(submitted, submitted + slacks[name], length)
            with self.subTest(job=name, submitted=submitted, started=started, wanted=wanted):
                self.assertGreaterEqual(started, wanted - 50)
                self.assertLess(started, wanted + 700 * harness.SLOW, "starts in the window of the hand calculation")
        self.assertGreater(utc_ms(ended["large"]["start_time"]), utc_ms(ended["none"]["start_time"]) + 4000)

        reports = {name: self.settled(daemon, job) for name, job in jobs.items()}
        daemon.stop()
        with daemon.database() as ledger:
            for name, job in jobs.items():
                with self.subTest(job=name):
                    self.check_grams(ledger, int(job), ended[name], reports[name], grid)

    def settled(self, daemon, job):
        def final():
            answer = daemon.json("report", job)
            answer = answer[0] if isinstance(answer, list) else answer
            answer = answer.get("footprint", answer)
            return answer if answer["final"] else None
        return harness.wait_for(final, 30, f"the final footprint of job {job}")

    def check_grams(self, ledger, job, info, report, grid):
        slices = ledger.execute("SELECT begin_at, end_at, energy, quality FROM slices WHERE job = ? ORDER BY begin_at", (job,)).fetchall()
        self.assertGreater(len(slices), 1)
        self.assertEqual(sum(row["energy"] for row in slices), report["energy"]["total_mj"])
        # The modelled power of one busy core of a 90 kW machine lies between nothing and all of it.
        seconds = (slices[-1]["end_at"] - slices[0]["begin_at"]) / 1000
        self.assertLess(report["energy"]["total_mj"], 90_000 * 1000 * seconds)
        for kind, series in (("marginal", grid.marginal), ("average", grid.average)):
            grams = base = 0
            shift = utc_ms(info["create_time"]) - utc_ms(info["start_time"])
            for row in slices:
                def priced(begin, end):
                    return fractions.Fraction(row["energy"] * 125 * series.integral(begin, end), 100 * (end - begin) * MJ_PER_KWH)
                grams += priced(row["begin_at"], row["end_at"])
                base += priced(row["begin_at"] + shift, row["end_at"] + shift)
            book = report[kind]
            self.assertGreater(grams, 20, "enough milligrams to compare")
            # Exact up to the one rounding of the book to whole milligrams.
            self.assertAlmostEqual(book["carbon_mg"], grams, delta=fractions.Fraction(501, 1000))
            self.assertAlmostEqual(book["baseline_mg"], base, delta=fractions.Fraction(501, 1000))

    def test_windows_and_grams_on_the_shipped_recording(self):
        self.check_windows(Grid())

    def test_windows_and_grams_on_shared_recordings(self):
        marginal = os.path.join(harness.SHARED_DATA, "carbon", "CAISO-PGE_2020_marginal_direct.csv")
        average = os.path.join(harness.SHARED_DATA, "carbon", "CISO_2020_average_direct.csv")
        if not os.path.exists(marginal) or not os.path.exists(average):
            self.skipTest("no recorded series; set GREENQ_SHARED_DATA to the directory that has carbon/*.csv")
        self.check_windows(Grid(marginal, average, start="2020-03-02T04:00:00Z"))

    def test_jobs_of_one_machine_do_not_share_a_core(self):
        grid = Grid()
        daemon = self.daemon(grid.settings(node={"cpus": 1, "memory": "2GiB"})).start()
        jobs = [daemon.submit(shell_job(f"part{i}", "sleep 1", expected_duration="1s", carbon={"policy": "shift", "max_delay": "6s"}))
                for i in range(3)]
        spans = sorted((utc_ms(job["start_time"]), utc_ms(job["end_time"]))
                       for job in (daemon.wait_state(job, "STATE_SUCCEEDED") for job in jobs))
        for (_, end), (begin, _) in zip(spans, spans[1:]):
            self.assertGreaterEqual(begin, end - 5, spans)
        daemon.stop()

    def test_checkpoint_hold_and_release(self):
        """A held job is paused by its checkpoint signal and goes on from its checkpoint."""
        daemon = self.daemon(Grid().settings()).start()
        job = daemon.submit({"name": "pause", "run": f"exec python3 {TRAIN} --steps 600 --report 20", "time_limit": "2m",
                             "carbon": {"policy": "none"}, "checkpoint": {"signal": "SIGUSR1", "grace": "10s", "exit_code": 85}})
        daemon.wait_state(job, "STATE_RUNNING")
        harness.wait_for(lambda: "step" in daemon.greenq("logs", job).stdout, 30, "the first report")
        daemon.greenq("hold", job)
        daemon.wait_state(job, "STATE_PAUSED")
        daemon.greenq("release", job)
        done = daemon.wait_state(job, harness.TERMINAL, timeout=60)
        self.assertEqual(done["state"], "STATE_SUCCEEDED", done["message"])
        log = daemon.greenq("logs", job).stdout
        self.assertIn("saved at step", log)
        self.assertIn("resumed at step", log)
        self.assertEqual(len(done["attempts"]), 1, "a pause is no new attempt")
        self.assertEqual(done["attempts"][0]["segments"], 2)
        daemon.stop()

    def test_run_times_are_learned_and_kept_over_a_restart(self):
        daemon = self.daemon().start()
        job = shell_job("quick", "exit 0", expected_duration="1m")
        self.assertEqual(daemon.json("plan", daemon.write_job(job))["learned_runs"], 0)
        for _ in range(5):
            daemon.wait_state(daemon.submit(job), "STATE_SUCCEEDED")
        daemon.kill()
        daemon.start()
        plan = daemon.json("plan", daemon.write_job(job))
        self.assertEqual(plan["learned_runs"], 5)
        self.assertLess(utc_ms(plan["chosen"]["end_time"]) - utc_ms(plan["chosen"]["start_time"]), 30_000)
        self.assertIn("its last 5 runs took", daemon.greenq("plan", daemon.write_job(job)).stdout)
        other = daemon.json("plan", daemon.write_job(job | {"name": "slow"}))
        self.assertEqual(other["learned_runs"], 0)
        self.assertEqual(utc_ms(other["chosen"]["end_time"]) - utc_ms(other["chosen"]["start_time"]), 60_000)
        daemon.stop()


if __name__ == "__main__":
    harness.main()
