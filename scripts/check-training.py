#!/usr/bin/env python3
"""Trains a layer again in numpy, in float64, from what a test hands over on standard input.

Prints, for each training, the difference of each step's loss in parts of the first loss, and the
changed nibbles that were counted and that numpy counts.
"""
import json
import sys

import numpy as np


class Grid:
    """Sixteen values for each weight; every 32 share a scale and a minimum."""

    def __init__(self, task):
        self.shape = (task["rows"], task["cols"])
        self.scales = np.repeat(np.array(task["scales"]), 32).reshape(self.shape)
        self.minimums = np.repeat(np.array(task["minimums"]), 32).reshape(self.shape)
        self.offset = task["offset"]

    def levels(self, weights):
        levels = (weights - self.minimums) / self.scales + self.offset
        return np.clip(np.rint(levels), 0, 15)

    def values(self, levels):
        return self.scales * (levels - self.offset) + self.minimums


class SGD:
    def __init__(self, rate):
        self.rate = rate

    def update(self, gradients):
        return [self.rate * g for g in gradients]


class Adam:
    def __init__(self, rate):
        self.rate, self.step = rate, 0
        self.means = self.squares = None

    def update(self, gradients):
        if self.means is None:
            self.means = [0 * g for g in gradients]
            self.squares = [0 * g for g in gradients]
        self.step += 1
        self.means = [0.9 * m + 0.1 * g for m, g in zip(self.means, gradients)]
        self.squares = [0.999 * v + 0.001 * g * g for v, g in zip(self.squares, gradients)]
        return [
            self.rate * (m / (1 - 0.9**self.step))
            / (np.sqrt(v / (1 - 0.999**self.step)) + 1e-8)
            for m, v in zip(self.means, self.squares)
        ]


def train(task, run):
    """Losses before each step and after the last, and the changed nibbles of each step."""
    x = np.array(task["inputs"]).reshape(-1, task["cols"])
    target = np.array(task["targets"]).reshape(len(x), task["rows"])
    grid = Grid(task)
    weights = np.array(task["weights"]).reshape(grid.shape)
    levels = grid.levels(weights)
    master = weights.copy()
    a = np.array(task["down"]).reshape(-1, task["cols"])
    b = np.zeros((len(a), task["rows"]))
    optimizer = {"sgd": SGD, "adam": Adam}[run["optimizer"]](run["rate"])
    method = run["method"]
    losses, changed = [], []
    for step in range(len(run["losses"])):
        # A tile is float16.
        used = master if method == "float32" else weights.astype(np.float16).astype(float)
        difference = x @ used.T - target + (x @ a.T @ b if method == "lora" else 0)
        losses.append(np.mean(difference**2))
        dy = 2 * difference / difference.size
        if method == "lora":
            changed.append(0)
            da, db = optimizer.update([b @ dy.T @ x, (x @ a.T).T @ dy])
            a, b = a - da, b - db
            continue
        (update,) = optimizer.update([dy.T @ x])
        master = master - update
        before = levels
        if method in ("int4", "master"):
            levels = grid.levels(weights - update if method == "int4" else master)
            weights = grid.values(levels)
        changed.append(int(np.sum(before != levels)))
    return np.array(losses), changed[:-1]


def main():
    task = json.load(sys.stdin)
    found = []
    for run in task["runs"]:
        losses, changed = train(task, run)
        found.append({
            "method": run["method"],
            "optimizer": run["optimizer"],
            "differences": [abs(d) / losses[0] for d in losses - run["losses"]],
            "changed": sum(run["changed"]),
            "numpyChanged": sum(changed),
        })
    json.dump(found, sys.stdout)


main()
