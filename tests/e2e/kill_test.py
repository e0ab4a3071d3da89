"""kill -9 of the daemon at random moments while short jobs flow: nothing lost, nothing twice, logs whole.

GREENQ_KILLS (default 25) says how often; GREENQ_SEED repeats a run.
"""
import collections
import os
import random
import threading
import time

import harness
from harness import shell_job

KILLS = int(os.environ.get("GREENQ_KILLS", "25"))
JOBS = 50
SEED = int(os.environ.get("GREENQ_SEED", "0")) or int.from_bytes(os.urandom(4), "big")


class KillTest(harness.E2eTest):
    def script(self, daemon, number):
        """Tells that it ran, and writes a log in two parts with a pause between them."""
        return (f'echo "$GREENQ_JOB $GREENQ_ATTEMPT {number}" >> {daemon.work}/starts.txt\n'
                f"echo begin {number}\nsleep {0.05 + 0.02 * (number % 10):.2f}\necho end {number}\n")

    def flow(self, daemon, acked, errors, stopping):
        """Submits the jobs one after the other; a refused or broken call is tried again under the same name."""
        for number in range(JOBS):
            while not stopping.is_set():
                path = daemon.write_job(shell_job(f"kill-{number}", self.script(daemon, number)), f"job-{number}.yaml")
                result = daemon.greenq("submit", "-q", path, check=False)
                if result.returncode == 0:
                    acked[number] = result.stdout.strip()
                    break
                if result.returncode not in (1, 7):
                    errors.append(f"submit ended with {result.returncode}: {result.stderr}")
                    return
                time.sleep(0.05)
            time.sleep(max(0.0, KILLS / JOBS * 0.3))  # spread over the kills

    def test_kill_at_random_moments(self):
        print(f"seed {SEED}, {KILLS} kills (GREENQ_SEED repeats it)", flush=True)
        rng = random.Random(SEED)
        daemon = self.daemon({"node": {"cpus": 4, "memory": "4GiB"}, "meter": {"interval": "200ms"}})
        acked, errors, stopping = {}, [], threading.Event()
        daemon.start()
        flow = threading.Thread(target=self.flow, args=(daemon, acked, errors, stopping))
        flow.start()
        try:
            for _ in range(KILLS):
                time.sleep(rng.uniform(0, 0.6))  # also before it is ready
                self.assertIsNone(daemon.process.poll(), "the daemon ended by itself:\n" + daemon.log()[-4000:])
                daemon.kill()
                daemon.spawn()
            daemon.wait_ready()
            flow.join(timeout=120 * harness.SLOW)
            self.assertFalse(flow.is_alive(), "the submissions did not get through")
        finally:
            stopping.set()
            flow.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(acked), JOBS)
        for job in acked.values():
            daemon.wait_state(job, harness.TERMINAL, timeout=60)
        self.check(daemon, acked)

    def check(self, daemon, acked):
        jobs = {job: daemon.job(job) for job in acked.values()}
        self.assertEqual(len(jobs), JOBS, "ids are never reused")
        self.assertEqual(collections.Counter(job["state"] for job in jobs.values()), {"STATE_SUCCEEDED": JOBS})
        for number, job in acked.items():
            self.assertEqual(daemon.greenq("logs", job).stdout, f"begin {number}\nend {number}\n", "the log is whole")
        daemon.stop()
        with open(os.path.join(daemon.work, "starts.txt"), encoding="ascii") as file:
            starts = collections.Counter(tuple(line.split()) for line in file)
        self.assertEqual([start for start, count in starts.items() if count > 1], [], "no attempt starts twice")
        names = collections.Counter(number for _, _, number in starts)
        with daemon.database() as ledger:
            rows = ledger.execute("SELECT id, name, state FROM jobs").fetchall()
            # A call that broke after the commit may leave a second job of a name, but never an acknowledged one less.
            self.assertLessEqual({int(job) for job in acked.values()}, {row["id"] for row in rows})
            per_name = collections.Counter(row["name"].removeprefix("kill-") for row in rows)
            self.assertEqual(names, per_name, "every job of the ledger ran exactly once")
            self.assertEqual({row["state"] for row in rows}, {5})
            events = ledger.execute("SELECT sequence, job, kind FROM events ORDER BY sequence").fetchall()
            self.assertEqual([row["sequence"] for row in events], list(range(1, len(events) + 1)), "no gap in the events")
            ends = collections.Counter(row["job"] for row in events if row["kind"] == 11)
            self.assertEqual(ends, {row["id"]: 1 for row in rows}, "exactly one terminal event each")
            self.assertEqual(ledger.execute("PRAGMA integrity_check").fetchone()[0], "ok")


if __name__ == "__main__":
    harness.main()
