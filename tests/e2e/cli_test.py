"""What a newcomer types: files whose jobs depend on each other, every verb with -o json and -q, a crowded daemon."""
import json
import os
import shutil
import socket
import subprocess

import harness
from harness import shell_job

CHAIN = "name: prep\nrun: 'true'\n---\nname: train\nrun: 'true'\nexpected_duration: 1m\ndepends_on: [{job: prep}]\n"


class Newcomer(harness.E2eTest):
    def test_a_chain_is_planned_checked_and_submitted(self):
        daemon = self.daemon().start()
        path = daemon.write_job(CHAIN)
        plan = daemon.greenq("plan", path).stdout
        first, second = plan.split("\nJob 2: train\n")
        self.assertIn("1h assumed; set expected_duration", first)
        self.assertIn("starts only after prep has succeeded, at a time that is not known", second)
        self.assertNotIn("assumed", second)
        self.assertEqual(len(daemon.json("plan", path)), 2)
        self.assertIn("2 jobs, valid; greenqd would accept them", daemon.greenq("validate", path).stdout)
        self.assertEqual(daemon.greenq("ls", "-a", "-q").stdout, "", "nothing was stored")
        ids = daemon.greenq("submit", "-q", path).stdout.split()
        for job in ids:
            self.assertEqual(daemon.wait_state(job, harness.TERMINAL)["state"], "STATE_SUCCEEDED")
        unknown = daemon.greenq("plan", daemon.write_job("run: 'true'\ndepends_on: [{job: nobody}]\n"), check=False)
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("error: depends_on: there is no job", unknown.stderr)
        daemon.stop()

    def test_validate_reports_what_only_the_daemon_knows(self):
        daemon = self.daemon()
        path = daemon.write_job("run: 'true'\nresources: {cpus: 4000}\n")
        alone = daemon.greenq("validate", path)
        self.assertIn("valid as far as can be told without greenqd", alone.stdout)
        daemon.start()
        told = daemon.greenq("validate", path, check=False)
        self.assertEqual(told.returncode, 2)
        self.assertIn("job.yaml:2:", told.stderr)
        daemon.stop()

    def test_every_verb_has_json_or_refuses_it(self):
        daemon = self.daemon().start()
        path = daemon.write_job(shell_job("one", "true"))
        done = daemon.submit(shell_job("done", "true"))
        daemon.wait_state(done, harness.TERMINAL)
        held = daemon.submit(shell_job("held", "true"), "--hold")
        for verb in (["submit", path], ["run", path], ["plan", path], ["validate", path], ["ls", "-a"], ["info", done], ["explain", held],
                     ["logs", done], ["watch", done], ["wait", done], ["hold", held], ["release", held], ["history"], ["report"],
                     ["report", done], ["forecast"], ["zones"], ["nodes"], ["doctor"], ["version"]):
            with self.subTest(verb=verb[0]):
                out = daemon.greenq(*verb, "-o", "json").stdout
                for line in out.splitlines():
                    self.assertIsInstance(json.loads(line), dict)
        self.assertEqual(set(daemon.json("history", "--limit", "1")), {"job", "footprint"})
        for verb in (["completion", "bash"], ["help"]):
            refused = daemon.greenq(*verb, "-o", "json", check=False)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("has no JSON", json.loads(refused.stderr)["error"]["message"])
        daemon.stop()

    def test_ids_alone(self):
        daemon = self.daemon().start()
        job = daemon.submit(shell_job("held", "true"), "--hold")
        self.assertEqual(daemon.greenq("hold", job, "-q").stdout, job + "\n")
        self.assertEqual(daemon.greenq("cancel", job, "-q").stdout, job + "\n")
        self.assertEqual(daemon.greenq("history", "-q").stdout, job + "\n")
        self.assertIn("US-CAL-CISO", daemon.greenq("zones", "-q").stdout.split())
        self.assertEqual(daemon.greenq("explain", job, "-q", check=False).returncode, 2)
        daemon.stop()

    def test_lists_go_on_beyond_a_thousand_jobs(self):
        daemon = self.daemon().start()
        for count in (1000, 101):
            daemon.greenq("submit", "-q", "--hold", daemon.write_job("run: 'true'\n---\n" * (count - 1) + "run: 'true'\n"), timeout=120)
        for limit, wanted in (("100000", 1101), ("1050", 1050), ("1000", 1000)):
            self.assertEqual(len(daemon.greenq("ls", "-q", "--limit", limit).stdout.split()), wanted)
        daemon.greenq("cancel", "all", "-q", timeout=120)
        self.assertEqual(len(set(daemon.greenq("history", "-q", "--limit", "10000").stdout.split())), 1101)
        self.assertEqual(len(daemon.json("history", "--limit", "10000")), 1101)
        daemon.stop()

    def test_the_output_of_a_removed_run_directory_is_said_to_be_gone(self):
        daemon = self.daemon().start()
        job = daemon.submit(shell_job("gone", "echo hello"))
        daemon.wait_state(job, harness.TERMINAL)
        shutil.rmtree(os.path.join(daemon.state, "runs", "0", job))
        for verb in (["logs", job], ["logs", "-f", job]):
            result = daemon.greenq(*verb, check=False)
            self.assertEqual(result.returncode, 3)
            self.assertIn("the run directory of the job was removed", result.stderr)
        daemon.stop()

    def test_a_job_that_exits_141_has_no_signal(self):
        daemon = self.daemon().start()
        job = daemon.submit(shell_job("pipe", "exit 141"))
        result = daemon.greenq("wait", job, check=False)
        self.assertEqual(result.returncode, 141)
        self.assertIn("failed (exit 141)", result.stdout)
        daemon.stop()

    def test_too_many_connections_are_told(self):
        daemon = self.daemon().start()
        crowd = []
        try:
            for _ in range(40):
                one = socket.socket(socket.AF_UNIX)
                one.connect(daemon.socket)
                crowd.append(one)
            result = daemon.greenq("ls", check=False)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("takes no more connections", result.stderr)
        finally:
            for one in crowd:
                one.close()
        daemon.stop()

    def test_times_follow_the_zone_of_the_caller(self):
        daemon = self.daemon().start()
        job = daemon.submit(shell_job("zone", "true"))
        daemon.wait_state(job, harness.TERMINAL)
        self.assertIn("Times in UTC.", daemon.greenq("explain", job, env={"TZ": "UTC"}).stdout)
        self.assertIn("Times in XYZ.", daemon.greenq("explain", job, env={"TZ": "XYZ-2"}).stdout)
        daemon.stop()

    def test_both_programs_have_one_version(self):
        versions = {subprocess.run([os.path.join(harness.BIN, name), "--version"], capture_output=True, text=True, check=True,
                                   timeout=30 * harness.SLOW).stdout.split()[1] for name in ("greenq", "greenqd")}
        self.assertEqual(len(versions), 1)


if __name__ == "__main__":
    harness.main()
