"""Little space and a full disk: submissions are refused, running jobs go on, nothing acknowledged is lost."""
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import harness  # noqa: E402
from harness import shell_job  # noqa: E402


class DiskTest(harness.E2eTest):
    def test_little_space_refuses_submissions(self):
        daemon = self.daemon({"store": {"min_free": "8000TB"}}).start()
        result = daemon.greenq("submit", daemon.write_job(shell_job("a", "true")), check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertRegex(result.stderr, "(?i)disk|space")
        self.assertEqual(daemon.greenq("ls", "-a", "-q").stdout.split(), [])
        daemon.stop()

    def full_disk(self, daemon):
        """A small file system below the state directory, or a skip where that cannot be had."""
        os.makedirs(daemon.state)
        mounted = os.getuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", daemon.state],
                                                      capture_output=True, check=False).returncode == 0
        if not mounted:
            self.skipTest("a full disk needs root and the right to mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", daemon.state], check=False)

    def test_full_disk(self):
        daemon = self.daemon({"store": {"min_free": "0B"}, "exec": {"run_as": "self"}})
        self.full_disk(daemon)
        daemon.start()
        kept = [daemon.submit(shell_job("kept", f"while [ ! -e {daemon.work}/go ]; do sleep 0.1; done; echo done"))]
        daemon.wait_state(kept[0], "STATE_RUNNING")
        filler = os.path.join(daemon.state, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
        refused = 0
        for number in range(30):
            result = daemon.greenq("submit", "-q", daemon.write_job(shell_job(f"full-{number}", "true")), check=False)
            if result.returncode == 0:
                kept.append(result.stdout.strip())
            else:
                refused += 1
            self.assertIsNone(daemon.process.poll(), daemon.log()[-3000:])
        self.assertGreater(refused, 0, "a full disk refuses")
        self.assertEqual(daemon.job(kept[0])["state"], "STATE_RUNNING", "running jobs are not touched")

        os.remove(filler)
        harness.wait_for(lambda: daemon.greenq("submit", "-q", daemon.write_job(shell_job("after", "true")), check=False).returncode == 0,
                         20, "submissions after the cure", pause=0.5)
        with open(os.path.join(daemon.work, "go"), "wb"):
            pass
        for job in kept:
            self.assertEqual(daemon.wait_state(job, harness.TERMINAL)["state"], "STATE_SUCCEEDED", job)
        daemon.stop()
        with daemon.database() as ledger:
            events = [row["sequence"] for row in ledger.execute("SELECT sequence FROM events ORDER BY sequence")]
            self.assertEqual(events, list(range(1, len(events) + 1)))
            self.assertEqual(ledger.execute("PRAGMA integrity_check").fetchone()[0], "ok")

    def test_corrupt_ledger_starts_in_hold_mode_or_is_refused_with_words(self):
        daemon = self.daemon().start()
        for number in range(20):
            daemon.submit(shell_job(f"x-{number}", "true", hold=True))
        daemon.stop()
        name = next(name for name in os.listdir(daemon.state) if name.endswith((".db", ".sqlite")))
        path = os.path.join(daemon.state, name)
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            for at in range(4096, size, 4096):
                file.seek(at)
                file.write(b"\xff" * 256)
        daemon.spawn()
        try:
            daemon.wait_ready()
        except AssertionError:
            self.assertIsNotNone(daemon.process.poll())
            self.assertRegex(daemon.log(), "(?i)corrupt|damaged|malformed")
            return
        self.assertIn("hold", daemon.greenq("doctor", check=False).stdout.lower())
        self.assertNotEqual(daemon.greenq("submit", daemon.write_job(shell_job("y", "true")), check=False).returncode, 0)

    def test_newer_schema_is_refused(self):
        daemon = self.daemon().start()
        daemon.stop()
        name = next(name for name in os.listdir(daemon.state) if name.endswith((".db", ".sqlite")))
        connection = sqlite3.connect(os.path.join(daemon.state, name))
        connection.execute("PRAGMA user_version = 9999")
        connection.commit()
        connection.close()
        self.assertNotEqual(daemon.spawn().wait(timeout=20 * harness.SLOW), 0)
        self.assertRegex(daemon.log(), "(?i)newer|9999")


if __name__ == "__main__":
    harness.main()
