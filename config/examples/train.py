#!/usr/bin/env python3
"""Trains a small neural network to read noisy digits, with nothing but the Python standard library.

It shows what GreenQ expects of a job, and works without GreenQ as well:
  * metrics: one JSON object a line, {"step", "loss", "accuracy"}, appended to --metrics or $GREENQ_METRICS_FILE;
  * checkpoint: on SIGUSR1 (or $GREENQ_CHECKPOINT_SIGNAL) it saves its state and exits with 85, "saved, start me again";
  * resume: when the checkpoint file exists, training goes on from the step where it stopped.
"""
import argparse
import json
import math
import operator
import os
import random
import re
import signal
import sys
import time

EXIT_SAVED = 85
WIDTH, HEIGHT = 7, 9  # a 5 x 7 glyph may sit at any of 9 places
INPUTS, HIDDEN, CLASSES = WIDTH * HEIGHT, 24, 10
BATCH = 20

GLYPHS = [
    "01110100011001110101110011000101110", "00100011000010000100001000010001110",
    "01110100010000100010001000100011111", "11111000100010000010000011000101110",
    "00010001100101010010111110001000010", "11111100001111000001000011000101110",
    "00110010001000011110100011000101110", "11111000010001000100010000100001000",
    "01110100011000101110100011000101110", "01110100011000101111000010001001100",
]


def sample(rng, noise):
    """One digit at a random place, each pixel flipped with probability `noise`."""
    digit = rng.randrange(CLASSES)
    left, top = rng.randrange(WIDTH - 4), rng.randrange(HEIGHT - 6)
    pixels = [0.0] * INPUTS
    for index, bit in enumerate(GLYPHS[digit]):
        if bit == "1":
            pixels[(top + index // 5) * WIDTH + left + index % 5] = 1.0
    return [1.0 - p if rng.random() < noise else p for p in pixels], digit


class Network:
    """One hidden layer (tanh), softmax output, cross-entropy loss, plain gradient descent."""

    def __init__(self, rng):
        def layer(outputs, inputs):
            bound = 1.0 / math.sqrt(inputs)
            return [[rng.uniform(-bound, bound) for _ in range(inputs)] for _ in range(outputs)]

        self.w1, self.b1 = layer(HIDDEN, INPUTS), [0.0] * HIDDEN
        self.w2, self.b2 = layer(CLASSES, HIDDEN), [0.0] * CLASSES

    def forward(self, x):
        hidden = [math.tanh(b + sum(map(operator.mul, row, x))) for row, b in zip(self.w1, self.b1)]
        logits = [b + sum(map(operator.mul, row, hidden)) for row, b in zip(self.w2, self.b2)]
        top = max(logits)
        powers = [math.exp(z - top) for z in logits]
        total = sum(powers)
        return hidden, [p / total for p in powers]

    def learn(self, x, digit, rate):
        """One gradient step on one sample; returns its loss and whether it was read right."""
        hidden, odds = self.forward(x)
        error = [p - (k == digit) for k, p in enumerate(odds)]
        back = [sum(error[k] * self.w2[k][j] for k in range(CLASSES)) * (1.0 - h * h) for j, h in enumerate(hidden)]
        for k, e in enumerate(error):
            step = rate * e
            self.w2[k] = [w - step * h for w, h in zip(self.w2[k], hidden)]
            self.b2[k] -= step
        for j, e in enumerate(back):
            step = rate * e
            self.w1[j] = [w - step * v for w, v in zip(self.w1[j], x)]
            self.b1[j] -= step
        return -math.log(max(odds[digit], 1e-12)), odds[digit] == max(odds)

    def accuracy(self, samples):
        right = 0
        for x, digit in samples:
            odds = self.forward(x)[1]
            right += odds[digit] == max(odds)
        return right / len(samples)


class Training:
    """Everything that a checkpoint must hold."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.network = Network(self.rng)
        self.step = 0
        self.seconds = 0.0

    def save(self, path):
        version, words, gauss = self.rng.getstate()
        state = {"step": self.step, "seconds": self.seconds, "rng": [version, list(words), gauss],
                 "w1": self.network.w1, "b1": self.network.b1, "w2": self.network.w2, "b2": self.network.b2}
        draft = f"{path}.{os.getpid()}.tmp"
        with open(draft, "w", encoding="ascii") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)  # readers see the old checkpoint or the new one, never half of one

    def load(self, path):
        with open(path, encoding="ascii") as file:
            state = json.load(file)
        self.step, self.seconds = state["step"], state["seconds"]
        version, words, gauss = state["rng"]
        self.rng.setstate((version, tuple(words), gauss))
        self.network.w1, self.network.b1 = state["w1"], state["b1"]
        self.network.w2, self.network.b2 = state["w2"], state["b2"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="train for about this long in all (default 5)")
    parser.add_argument("--steps", type=int, default=0, help="train for exactly this many steps instead")
    parser.add_argument("--seed", type=int, default=1, help="seed of weights and samples (default 1)")
    parser.add_argument("--rate", type=float, default=0.05, help="learning rate (default 0.05)")
    parser.add_argument("--noise", type=float, default=0.04, help="share of flipped pixels (default 0.04)")
    parser.add_argument("--report", type=int, default=50, help="steps between two reports (default 50)")
    parser.add_argument("--metrics", default=os.environ.get("GREENQ_METRICS_FILE", ""),
                        help="file for JSON lines (default $GREENQ_METRICS_FILE)")
    job = re.sub(r"[^A-Za-z0-9]+", "-", os.environ.get("GREENQ_JOB", ""))
    parser.add_argument("--checkpoint", default=f"checkpoint-{job}.json" if job else "checkpoint.json",
                        help="file for the saved state (default checkpoint-$GREENQ_JOB.json)")
    options = parser.parse_args()
    if options.seconds <= 0 or options.steps < 0 or options.report < 1 or not 0 <= options.noise < 0.5:
        parser.error("--seconds and --report must be positive, --steps not negative, --noise below 0.5")
    return options


def checkpoint_signal():
    """The signal GreenQ will send, as a name (SIGUSR1) or a number; SIGUSR1 when it does not say."""
    wanted = os.environ.get("GREENQ_CHECKPOINT_SIGNAL", "") or "SIGUSR1"
    if wanted.isdigit():
        return signal.Signals(int(wanted))
    return signal.Signals["SIG" + wanted.upper().removeprefix("SIG")]


def report(options, training, loss, accuracy):
    print(f"step {training.step:6d}  loss {loss:.4f}  accuracy {accuracy:.3f}", flush=True)
    if options.metrics:
        line = json.dumps({"step": training.step, "loss": round(loss, 5), "accuracy": round(accuracy, 4)})
        with open(options.metrics, "a", encoding="ascii") as file:
            file.write(line + "\n")


def main():
    options = parse_arguments()
    asked = []
    signal.signal(checkpoint_signal(), lambda number, frame: asked.append(number))

    training = Training(options.seed)
    if os.path.exists(options.checkpoint):
        training.load(options.checkpoint)
        print(f"resumed at step {training.step} from {options.checkpoint}", flush=True)
    held_out = [sample(random.Random(options.seed * 1000 + k), options.noise) for k in range(200)]

    losses = []
    started = time.monotonic() - training.seconds
    while True:
        training.seconds = time.monotonic() - started
        done = training.step >= options.steps if options.steps else training.seconds >= options.seconds
        if done:
            break
        if asked:
            training.save(options.checkpoint)
            print(f"saved at step {training.step} to {options.checkpoint}", flush=True)
            return EXIT_SAVED
        for _ in range(BATCH):
            losses.append(training.network.learn(*sample(training.rng, options.noise), options.rate)[0])
        training.step += 1
        if training.step % options.report == 0:
            report(options, training, sum(losses) / len(losses), training.network.accuracy(held_out))
            losses.clear()

    accuracy = training.network.accuracy(held_out)
    if losses:
        report(options, training, sum(losses) / len(losses), accuracy)
    print(f"finished after {training.step} steps, accuracy {accuracy:.3f}", flush=True)
    if os.path.exists(options.checkpoint):
        os.remove(options.checkpoint)
    return 0


if __name__ == "__main__":
    sys.exit(main())
