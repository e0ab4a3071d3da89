"""Savings beside a plain queue: two jobs of one core, priced by our own arithmetic over the stored slices."""
import fractions
import json
import os

import harness
from harness import MJ_PER_KWH, Replay, now_ms, shell_job, utc_ms

SPEED = 1800  # a recorded hour in two seconds
START = "2020-07-13T00:00:00Z"
TURN = 11  # hours after START at which the signals change places


class SavingsTest(harness.E2eTest):
    def grid(self, daemon_dir):
        """The marginal signal falls where the average one rises: waiting saves in one book and costs in the other."""
        anchor = now_ms()
        series = {}
        for kind, before, after in (("marginal", 600, 100), ("average", 150, 450)):
            path = os.path.join(daemon_dir, f"{kind}.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("time_utc,gco2_per_kwh\n")
                for hour in range(240):
                    at = harness.utc_text(utc_ms(START) + hour * 3_600_000)[:19] + "Z"
                    file.write(f"{at},{before if hour < TURN else after}\n")
            series[kind] = Replay(path, START, SPEED, anchor)
        return series

    def test_two_jobs_that_compete(self):
        daemon = self.daemon()
        grid = self.grid(daemon.work)
        daemon.write_settings({"site": {"zone": "US-CAL-CISO", "signal": "marginal", "pue": 1.25}, "exec": {"run_as": "self"},
                               "node": {"cpus": 1, "memory": "2GiB"},
                               "meter": {"interval": "200ms", "slice": "2s", "cpu_tdp": "90kW"},
                               "feeds": [grid[kind].feed(kind) for kind in ("marginal", "average")]})
        daemon.start()
        before = daemon.json("report", "--savings")
        self.assertEqual((before["jobs"], before["marginal"]["saving_mg"]), (0, None))
        carbon = {"policy": "shift", "max_delay": "60s"}
        script = "for i in $(seq 200000); do :; done; sleep 1"
        jobs = [daemon.submit(shell_job(f"part{i}", script, expected_duration="2s", carbon=carbon)) for i in range(2)]
        daemon.submit(shell_job("later", "true", hold=True))
        for job in jobs:
            done = daemon.wait_state(job, harness.TERMINAL, timeout=90)
            self.assertEqual(done["state"], "STATE_SUCCEEDED", done["message"])

        def settled():
            savings = daemon.json("report", "--savings")
            books = (savings["marginal"], savings["average"])
            return savings if all(book["jobs"] == 2 and book["provisional_jobs"] == 0 for book in books) else None
        savings = harness.wait_for(settled, 30, "figures that are final")
        screen = daemon.greenq("report", "--savings").stdout
        mine = daemon.json("report", "--savings", "--project", "nobody-has-this")
        daemon.stop()

        self.check_screen(screen, savings)
        self.assertEqual((mine["jobs"], mine["queued_jobs"]), (0, 2))
        self.assertEqual(savings["jobs"], 2)
        self.assertEqual(savings["left_out"], [{"reason": "REASON_NOT_ENDED", "jobs": 1}])
        self.assertEqual(savings["capacity"]["cpus"], 1)
        self.assertIsNone(savings["marginal"]["saving_low_mg"])
        self.assertGreater(savings["marginal"]["saving_mg"], 0)
        self.assertLess(savings["average"]["saving_mg"], 0)
        self.assertEqual(savings["bounded_jobs"], 2)
        with daemon.database() as ledger:
            self.check_figures(ledger, [int(job) for job in jobs], savings, grid)

    def check_figures(self, ledger, jobs, savings, grid):
        """First come, first served by hand: the second job starts when the first one would have ended."""
        grams = {kind: {"actual_mg": 0, "plain_queue_mg": 0} for kind in grid}
        waits, plain_waits, free = [], [], 0
        for job in jobs:
            row = ledger.execute("SELECT submitted_at, runtime FROM jobs WHERE id = ?", (job,)).fetchone()
            (begin, end), = segments(json.loads(row["runtime"]))
            start = max(row["submitted_at"], free)
            free = start + end - begin
            waits.append(begin - row["submitted_at"])
            plain_waits.append(start - row["submitted_at"])
            for slice_ in ledger.execute("SELECT begin_at, end_at, energy FROM slices WHERE job = ?", (job,)):
                for kind, series in grid.items():
                    for name, shift in (("actual_mg", 0), ("plain_queue_mg", start - begin)):
                        length = slice_["end_at"] - slice_["begin_at"]
                        integral = series.integral(slice_["begin_at"] + shift, slice_["end_at"] + shift)
                        grams[kind][name] += fractions.Fraction(slice_["energy"] * 125 * integral, 100 * length * MJ_PER_KWH)
        for kind, sums in grams.items():
            for name, expected in sums.items():
                self.assertGreater(expected, 20, "enough milligrams to compare")
                # Each job is rounded once to whole milligrams.
                self.assertAlmostEqual(savings[kind][name], expected, delta=1.01, msg=f"{kind} {name}")
            self.assertEqual(savings[kind]["saving_mg"], savings[kind]["plain_queue_mg"] - savings[kind]["actual_mg"])
        self.assertAlmostEqual(savings["actual"]["mean_wait_ms"], sum(waits) / 2, delta=1)
        self.assertAlmostEqual(savings["plain_queue"]["mean_wait_ms"], sum(plain_waits) / 2, delta=1)
        self.assertEqual(savings["plain_queue"]["p95_wait_ms"], max(plain_waits))
        self.assertGreater(max(plain_waits), 500, "the second job has to wait for the first one in the plain queue as well")

    def check_screen(self, screen, savings):
        self.assertIn("less than the plain queue, no interval: it needs jobs submitted on 5 days", screen)
        self.assertIn("more than the plain queue", screen)
        self.assertIn("Left out: 1 not ended (they compete", screen)
        self.assertIn("this machine as it is now (1 CPU,", screen)
        self.assertRegex(screen, r"(?m)^saved +\S+ m?g \(\d+ %\) +-\S+ m?g \(-\d+ %\)$")
        self.assertIn(savings["days"], (1, 2), "two where midnight came between")


def segments(runtime):
    """Begin and end of each running segment of a job, from its row in the ledger."""
    return [(segment["begin"], segment["end"]) for attempt in runtime["attempts"] for segment in attempt["segments"]]


if __name__ == "__main__":
    harness.main()
