"""Starts that must end in words: few descriptors, a pipe as configuration, a lock that somebody removed."""
import os
import resource
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
import harness  # noqa: E402
from harness import shell_job  # noqa: E402


def greenqd(*arguments, **options):
    return subprocess.Popen([os.path.join(harness.BIN, "greenqd"), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, **options)


class StartTest(harness.E2eTest):
    def arguments(self, daemon, config=None):
        return ["--config", config or daemon.config, "--state-dir", daemon.state, "--socket", daemon.socket]

    def test_few_descriptors_are_refused_in_words(self):
        daemon = self.daemon()
        for limit in (16, 20, 22, 28, 63):
            process = greenqd(*self.arguments(daemon), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            said, _ = process.communicate(timeout=20 * harness.SLOW)
            self.assertEqual(process.returncode, 1, said)
            self.assertIn(f"greenqd may open only {limit} files at once and needs at least 64", said)
            self.assertIn("ulimit -n", said)

    def test_sixty_four_descriptors_are_enough(self):
        daemon = self.daemon()
        launcher = os.path.join(daemon.dir, "few")
        with open(launcher, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nulimit -n 64\nexec {os.path.join(harness.BIN, "greenqd")} "$@"\n')
        os.chmod(launcher, 0o700)
        with open(daemon.log_path, "ab") as log:
            daemon.log_start = 0
            daemon.process = subprocess.Popen([launcher, *self.arguments(daemon)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        daemon.wait_ready()
        jobs = [daemon.submit(shell_job(f"few-{i}", "sleep 1")) for i in range(8)]
        for job in jobs:
            self.assertEqual(daemon.wait_state(job, harness.TERMINAL)["state"], "STATE_SUCCEEDED")
        daemon.stop()

    def test_a_fifo_as_configuration_is_refused(self):
        daemon = self.daemon()
        fifo = os.path.join(daemon.dir, "fifo")
        os.mkfifo(fifo)
        process = greenqd(*self.arguments(daemon, fifo))
        said, _ = process.communicate(timeout=20 * harness.SLOW)
        self.assertEqual(process.returncode, 2, said)
        self.assertIn("is not a regular file", said)

    def test_a_removed_lock_lets_no_second_daemon_in(self):
        daemon = self.daemon().start()
        os.remove(os.path.join(daemon.state, "lock"))
        second = greenqd("--config", daemon.config, "--state-dir", daemon.state, "--socket", daemon.socket + "2")
        said, _ = second.communicate(timeout=20 * harness.SLOW)
        self.assertEqual(second.returncode, 1, said)
        self.assertIn("uses this state directory", said)
        daemon.stop()

    def test_a_killed_daemon_is_not_running_to_its_clients(self):
        daemon = self.daemon().start()
        job = daemon.write_job(shell_job("x", "true", hold=True))
        results = []

        def submit():
            while not results or results[-1].returncode == 0:
                results.append(daemon.greenq("submit", "-q", job, check=False))
        threads = [threading.Thread(target=submit) for _ in range(4)]
        for thread in threads:
            thread.start()
        harness.wait_for(lambda: len(results) > 20, 60, "some submissions")
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
        for thread in threads:
            thread.join()
        for result in results:
            if result.returncode == 0:
                continue
            self.assertEqual(result.returncode, 7, result.stderr)
            self.assertIn("nothing listens at", result.stderr)
            for raw in ("Socket closed", "Broken pipe", "refused", "takes no more connections"):
                self.assertNotIn(raw, result.stderr)


if __name__ == "__main__":
    harness.main()
