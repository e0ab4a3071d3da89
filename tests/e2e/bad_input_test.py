"""Wrong files, wrong settings, wrong moments: each has a clear message, the right exit code, and loses nothing."""
import json
import os
import socket
import subprocess

import harness
from harness import shell_job

GOOD = "run: 'true'\n"


class BadJobFiles(harness.E2eTest):
    """The daemon never sees these, or refuses them; nothing is stored."""

    CASES = [
        # name, file, exit code, what the message must say
        ("unknown key", "run: 'true'\ncarbon: {finish_buy: 2030-01-01T00:00Z}\n", 2, ["job.yaml:2:", "did you mean", "finish_by"]),
        ("no unit", "run: 'true'\nresources: {memory: 64}\n", 2, ["job.yaml:2:", "64", "unit"]),
        ("wrong unit", "run: 'true'\ntime_limit: 8parsecs\n", 2, ["job.yaml:2:", "unit"]),
        ("not a number", "run: 'true'\nresources: {cpus: nan}\n", 2, ["job.yaml:2:", "nan"]),
        ("infinite", "run: 'true'\ncarbon: {policy: threshold, max_intensity: .infgCO2/kWh}\n", 2, ["job.yaml:2:"]),
        ("negative", "run: 'true'\nresources: {cpus: -2}\n", 2, ["job.yaml:2:"]),
        ("twice", "run: 'true'\nname: a\nname: b\n", 2, ["job.yaml:3:", "name"]),
        ("both", "run: 'true'\ncommand: ['true']\n", 2, ["job.yaml", "command"]),
        ("neither", "name: a\n", 2, ["job.yaml", "run"]),
        ("bad name", "run: 'true'\nname: No Spaces\n", 2, ["job.yaml:2:", "name"]),
        ("two bounds", "run: 'true'\ncarbon: {max_delay: 1h, start_by: 2030-01-01T00:00Z}\n", 2, ["job.yaml:2:"]),
        ("interruptible alone", "run: 'true'\ncarbon: {interruptible: true}\n", 2, ["checkpoint"]),
        ("not yet: sweep", "run: 'true'\nsweep: {grid: {A: [1, 2]}}\n", 2, ["job.yaml:2:", "sweep"]),
        ("not yet: limits", "run: 'true'\nlimits: {carbon: 4kgCO2e}\n", 2, ["job.yaml:2:", "limits"]),
        ("anchor", "run: &a 'true'\nname: *a\n", 2, ["job.yaml:1:"]),
        ("not UTF-8", b"run: '\xff'\n", 2, ["job.yaml"]),
        ("empty", "", 2, ["job.yaml"]),
        ("never fits: cpus", "run: 'true'\nresources: {cpus: 4000}\n", 2, ["NEVER_FITS|never|4000"]),
        ("never fits: gpu", "run: 'true'\nresources: {gpus: 3}\n", 2, ["gpu|GPU"]),
        ("never fits: memory", "run: 'true'\nresources: {memory: 900TB}\n", 2, ["memory"]),
        ("missing workdir", "run: 'true'\nworkdir: /nonexistent/place\n", 2, ["workdir|/nonexistent/place"]),
        ("no such dependency", "run: 'true'\ndepends_on: [{job: nobody, when: succeeded}]\n", (2, 3), ["nobody"]),
    ]

    def test_table(self):
        daemon = self.daemon().start()
        for name, text, code, wanted in self.CASES:
            with self.subTest(case=name):
                path = os.path.join(daemon.work, "job.yaml")
                with open(path, "wb") as file:
                    file.write(text if isinstance(text, bytes) else text.encode())
                result = daemon.greenq("submit", "job.yaml", check=False)
                self.assertIn(result.returncode, code if isinstance(code, tuple) else (code,), result.stderr)
                for alternatives in wanted:
                    self.assertTrue(any(part in result.stderr for part in alternatives.split("|")), result.stderr)
                self.assertNotIn("Traceback", result.stderr)
        self.assertEqual(daemon.greenq("ls", "-a", "-q").stdout.split(), [], "nothing was stored")
        daemon.stop()

    def test_all_errors_at_once_and_nothing_of_a_batch_is_kept(self):
        daemon = self.daemon().start()
        result = daemon.greenq("submit", daemon.write_job("run: 'true'\n---\nrun: 'true'\nnmae: b\nresources: {memory: 1}\n"), check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("nmae", result.stderr)
        self.assertIn("memory", result.stderr)
        self.assertEqual(daemon.greenq("ls", "-a", "-q").stdout.split(), [])
        as_json = daemon.greenq("submit", "job.yaml", "-o", "json", check=False)
        self.assertIn("error", json.loads(as_json.stderr))
        daemon.stop()

    def test_validate_needs_no_daemon(self):
        daemon = self.daemon()
        self.assertEqual(daemon.greenq("validate", daemon.write_job(GOOD)).returncode, 0)
        self.assertEqual(daemon.greenq("validate", daemon.write_job("rnu: 'true'\n"), check=False).returncode, 2)

    def test_unknown_jobs_and_usage(self):
        daemon = self.daemon().start()
        for verb in ("info", "explain", "logs", "cancel", "hold", "release", "wait", "report"):
            with self.subTest(verb=verb):
                self.assertEqual(daemon.greenq(verb, "4711", check=False).returncode, 3)
        self.assertEqual(daemon.greenq("sbumit", check=False).returncode, 2)
        self.assertEqual(daemon.greenq("submit", "absent.yaml", check=False).returncode, 2)
        daemon.stop()


class BadMoments(harness.E2eTest):
    def test_daemon_not_running(self):
        daemon = self.daemon()
        result = daemon.greenq("ls", check=False)
        self.assertEqual(result.returncode, 7)
        self.assertIn("greenqd", result.stderr)

    def test_socket_not_permitted(self):
        daemon = self.daemon({"server": {"socket_mode": "0600"}}).start()
        os.chmod(daemon.dir, 0o711)
        drop = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        if not drop:
            os.chmod(daemon.socket, 0)
        result = subprocess.run([os.path.join(harness.BIN, "greenq"), "--socket", daemon.socket, "ls"], capture_output=True, text=True,
                                cwd="/", env={"PATH": "/usr/bin:/bin"}, timeout=30 * harness.SLOW, check=False, **drop)
        self.assertIn(result.returncode, (4, 7), result.stderr)
        self.assertRegex(result.stderr, "(?i)you may not use")
        daemon.stop()

    def test_second_daemon_on_the_same_state_is_refused(self):
        daemon = self.daemon().start()
        second = subprocess.run([os.path.join(harness.BIN, "greenqd"), "--config", daemon.config, "--state-dir", daemon.state,
                                 "--socket", daemon.socket + "2"], capture_output=True, text=True, timeout=30 * harness.SLOW, check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(daemon.state, second.stderr + second.stdout)
        self.assertEqual(daemon.greenq("ls").returncode, 0, "the first one goes on")
        daemon.stop()

    def test_second_daemon_on_the_same_socket_is_refused(self):
        daemon = self.daemon().start()
        second = subprocess.run([os.path.join(harness.BIN, "greenqd"), "--config", daemon.config, "--state-dir", daemon.state + "2",
                                 "--socket", daemon.socket], capture_output=True, text=True, timeout=30 * harness.SLOW, check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertEqual(daemon.greenq("ls").returncode, 0, "the first one goes on")
        daemon.stop()

    def test_stale_socket_is_taken_over(self):
        daemon = self.daemon()
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(daemon.socket)
        daemon.start()
        self.assertEqual(daemon.greenq("ls").returncode, 0)
        daemon.stop()

    def test_cancel_stops_the_whole_process_group(self):
        daemon = self.daemon().start()
        job = daemon.submit(shell_job("tree", "sleep 300 & sleep 300"))
        daemon.wait_state(job, "STATE_RUNNING")
        harness.wait_for(lambda: len(self.sleepers(daemon)) == 2, 20, "two sleepers")
        daemon.greenq("cancel", job, "--reason", "test")
        self.assertEqual(daemon.wait_state(job, harness.TERMINAL)["state"], "STATE_CANCELLED")
        harness.wait_for(lambda: not self.sleepers(daemon), 20, "no sleepers")
        daemon.stop()

    def sleepers(self, daemon):
        found = []
        for pid in daemon.own_processes():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if file.read().startswith(b"sleep\x00300"):
                        found.append(pid)
            except OSError:
                pass
        return found

    def test_time_limit_and_exit_codes(self):
        daemon = self.daemon().start()
        self.assertEqual(daemon.greenq("run", daemon.write_job(shell_job("code", "exit 7")), check=False).returncode, 7)
        job = daemon.submit(shell_job("slow", "sleep 60", time_limit="1s"))
        done = daemon.wait_state(job, harness.TERMINAL)
        self.assertEqual(done["state"], "STATE_FAILED")
        self.assertEqual(done["attempts"][0]["outcome"], "OUTCOME_TIME_LIMIT")
        waited = daemon.greenq("wait", daemon.submit(shell_job("long", "sleep 60")), "--timeout", "1s", check=False)
        self.assertEqual(waited.returncode, 6)
        daemon.greenq("cancel", "3", check=False)
        daemon.stop()

    def test_retry_without_causes_repeats_any_failure(self):
        daemon = self.daemon().start()
        done = daemon.wait_state(daemon.submit(shell_job("again", "exit 1", retry={"max": 2})), harness.TERMINAL)
        self.assertEqual(done["state"], "STATE_FAILED")
        self.assertEqual(len(done["attempts"]), 3)
        once = daemon.wait_state(daemon.submit(shell_job("oom", "exit 1", retry={"max": 2, "causes": ["oom"]})), harness.TERMINAL)
        self.assertEqual(len(once["attempts"]), 1)
        daemon.stop()

    def test_shepherd_killed_is_told_and_not_guessed(self):
        daemon = self.daemon().start()
        job = daemon.submit(shell_job("orphan", "sleep 60"))
        daemon.wait_state(job, "STATE_RUNNING")
        shepherds = []
        for pid in daemon.own_processes():
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                if file.read().startswith("greenq-shepherd"[:15]):
                    shepherds.append(pid)
        self.assertTrue(shepherds)
        for pid in shepherds:
            os.kill(pid, 9)
        done = daemon.wait_state(job, harness.TERMINAL)
        self.assertIn(done["state"], ("STATE_LOST", "STATE_FAILED"))
        harness.wait_for(lambda: not any(b"sleep" in open(f"/proc/{pid}/cmdline", "rb").read() for pid in daemon.own_processes()
                                         if os.path.exists(f"/proc/{pid}")), 20, "the job's processes to be gone")
        daemon.stop()


class BadSettings(harness.E2eTest):
    def refused(self, daemon, *wanted):
        process = daemon.spawn()
        code = process.wait(timeout=20 * harness.SLOW)
        self.assertNotEqual(code, 0)
        for part in wanted:
            self.assertIn(part, daemon.log())

    def test_unknown_key(self):
        daemon = self.daemon({"site": {"zoen": "GB"}})
        self.refused(daemon, "greenqd.yaml:", "site.zoen", 'did you mean "zone"?')

    def feed(self, text, **more):
        daemon = self.daemon()
        path = os.path.join(daemon.work, "grid.csv")
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        feed = {"provider": "replay", "kind": "marginal", "path": path, "speed": 1800} | more
        daemon.write_settings({"site": {"zone": "GB", "signal": "marginal"}, "exec": {"run_as": "self"}, "feeds": [feed]})
        return daemon

    ROWS = "".join(f"2020-01-01T{hour:02}:00:00Z,{200 + hour}\n" for hour in range(24))
    HEAD = "time_utc,gco2_per_kwh\n"

    def test_feed_files(self):
        cases = [
            ("unreadable", None, ["grid.csv"]),
            ("empty", "", ["grid.csv"]),
            ("NaN", self.HEAD + self.ROWS.replace("203", "nan"), ["grid.csv", "5"]),
            ("wrong order", self.HEAD + "2020-01-01T02:00:00Z,1\n2020-01-01T01:00:00Z,2\n", ["grid.csv"]),
            ("wrong unit", self.HEAD + self.ROWS.replace(",2", ",2000000"), ["grid.csv"]),
            ("wrong columns", "when,how_much\n" + self.ROWS, ["grid.csv"]),
        ]
        for name, text, wanted in cases:
            with self.subTest(case=name):
                self.refused(self.feed(text), *wanted)

    def test_gap_in_a_feed_does_not_stop_anything(self):
        daemon = self.feed(self.HEAD + "".join(f"2020-01-01T{hour:02}:00:00Z,300\n" for hour in range(24) if hour not in (2, 3)))
        daemon.start()
        job = daemon.submit(shell_job("gap", "true", carbon={"policy": "shift", "max_delay": "5s"}))
        self.assertEqual(daemon.wait_state(job, harness.TERMINAL)["state"], "STATE_SUCCEEDED")
        daemon.stop()

    def test_no_feed_at_all_keeps_the_promise(self):
        daemon = self.daemon({"site": {"zone": "GB", "signal": "none"}}).start()
        job = daemon.submit(shell_job("plain", "true", carbon={"policy": "shift", "max_delay": "1h"}))
        self.assertEqual(daemon.wait_state(job, harness.TERMINAL)["state"], "STATE_SUCCEEDED")
        daemon.stop()

    def test_init(self):
        daemon = self.daemon()
        run = [os.path.join(harness.BIN, "greenqd"), "init", "--output", "-", "--zone"]
        good = subprocess.run([*run, "DE"], capture_output=True, text=True, check=False, timeout=30 * harness.SLOW)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("signal: none", good.stdout)
        self.assertIn("average", good.stderr + good.stdout)
        with open(daemon.config, "w", encoding="utf-8") as file:
            file.write(good.stdout)
        daemon.start("--set", "exec.run_as=self")
        daemon.stop()
        bad = subprocess.run([*run, "DEE"], capture_output=True, text=True, check=False, timeout=30 * harness.SLOW)
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("DE", bad.stderr)


if __name__ == "__main__":
    harness.main()
