"""Little space and a full disk: submissions are refused, running jobs go on, nothing acknowledged is lost."""
import os
import shutil
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

    def damaged(self, with_backup):
        daemon = self.daemon().start()
        for number in range(20):
            daemon.submit(shell_job(f"x-{number}", "true", hold=True))
        daemon.stop()
        path = os.path.join(daemon.state, "greenq.db")
        if with_backup:
            shutil.copy(path, path + ".backup")
        elif os.path.exists(path + ".backup"):
            os.remove(path + ".backup")
        with open(path, "r+b") as file:
            for at in range(4096, os.path.getsize(path), 4096):
                file.seek(at)
                file.write(b"\xff" * 256)
        return daemon

    def test_damaged_ledger_with_a_backup_starts_in_hold_mode(self):
        daemon = self.damaged(with_backup=True)
        daemon.start()
        self.assertIn("greenq.db is damaged", daemon.greenq("doctor", check=False).stdout)
        refused = daemon.greenq("submit", daemon.write_job(shell_job("y", "true")), check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("copy the backup to greenq.db", refused.stderr)
        self.assertEqual(len(daemon.greenq("ls", "-a", "-q").stdout.split()), 20, "old jobs are shown from the backup")
        daemon.stop()

    def test_damaged_ledger_without_a_backup_is_refused(self):
        daemon = self.damaged(with_backup=False)
        self.assertEqual(daemon.spawn().wait(timeout=20 * harness.SLOW), 1)
        self.assertRegex(daemon.log(), "greenq.db is damaged .*no readable backup")

    def test_ledger_removed_under_a_running_daemon(self):
        daemon = self.daemon().start()
        path = os.path.join(daemon.state, "greenq.db")
        os.rename(path, path + ".aside")
        refused = daemon.greenq("submit", daemon.write_job(shell_job("y", "true")), check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("was removed or replaced", refused.stderr)
        os.rename(path + ".aside", path)
        harness.wait_for(lambda: daemon.greenq("submit", daemon.write_job(shell_job("z", "true")), check=False).returncode == 0,
                         20, "submissions after the cure", pause=0.5)
        daemon.stop()

    def test_new_ledger_beside_old_runs_is_told(self):
        daemon = self.daemon().start()
        daemon.wait_state(daemon.submit(shell_job("old", "true")), harness.TERMINAL)
        daemon.stop()
        for name in os.listdir(daemon.state):
            if name.startswith("greenq.db"):
                os.remove(os.path.join(daemon.state, name))
        daemon.start()
        self.assertIn("jobs of an earlier one", daemon.log())
        self.assertEqual(daemon.submit(shell_job("new", "true")), "2")
        daemon.stop()

    def test_new_ledger_beside_an_old_backup_is_told_and_the_backup_is_kept(self):
        daemon = self.daemon().start()
        daemon.submit(shell_job("held", "true", hold=True))
        backup = os.path.join(daemon.state, "greenq.db.backup")
        harness.wait_for(lambda: os.path.exists(backup), 20, "the first backup")
        daemon.stop()
        shutil.copy(os.path.join(daemon.state, "greenq.db"), backup)  # one that knows the job
        os.remove(os.path.join(daemon.state, "greenq.db"))
        daemon.start()
        self.assertRegex(daemon.log(), "START_WARNING .*greenq.db is new, but there was a backup of an earlier one, now kept as")
        self.assertIn("kept as", daemon.greenq("doctor").stdout)
        kept = [name for name in os.listdir(daemon.state) if name.startswith("greenq.db.backup.") and ".tmp" not in name]  # one may be in the making
        self.assertEqual(len(kept), 1)
        daemon.stop()
        shutil.copy(os.path.join(daemon.state, kept[0]), os.path.join(daemon.state, "greenq.db"))
        daemon.start()
        self.assertEqual(daemon.greenq("ls", "-a", "-q").stdout, "1\n")
        daemon.stop()

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
