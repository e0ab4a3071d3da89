"""The first command of the README, as a newcomer runs it, without the build."""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

QUICKSTART = os.path.join(harness.ROOT, "deploy", "quickstart")


def running_below(directory):
    """Processes whose command line names the directory."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if directory in line:
            found.append(line)
    return found


class QuickstartTest(harness.E2eTest):
    def environment(self, tmp):
        return {**os.environ, "TMPDIR": tmp, "GREENQ_BIN": harness.BIN}

    def test_shows_the_whole_walk_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory(prefix="gq-quick-") as tmp:
            result = subprocess.run([QUICKSTART, "--no-build"], env=self.environment(tmp), capture_output=True, text=True,
                                    timeout=120 * harness.SLOW, check=False)
            self.assertEqual(result.returncode, 0, result.stdout[-2000:] + result.stderr[-2000:])
            for expected in ("cleaner window ahead", "planned", "accuracy", "succeeded", "MARGINAL", "saved by waiting"):
                self.assertIn(expected, result.stdout)
            self.assertRegex(result.stdout, r"this run +[1-9]\d* m?g")
            self.assertEqual(os.listdir(tmp), [])
            self.assertEqual(running_below(tmp), [])

    def test_interrupted_it_leaves_nothing_either(self):
        with tempfile.TemporaryDirectory(prefix="gq-quick-") as tmp:
            process = subprocess.Popen([QUICKSTART, "--no-build"], env=self.environment(tmp), stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, start_new_session=True)
            for line in process.stdout:
                if "The coming intensity" in line:
                    break
            os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C sends
            process.communicate(timeout=60 * harness.SLOW)
            self.assertEqual(process.returncode, 130)
            self.assertEqual(os.listdir(tmp), [])
            self.assertEqual(running_below(tmp), [])


if __name__ == "__main__":
    harness.main()
