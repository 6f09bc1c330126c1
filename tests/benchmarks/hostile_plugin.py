"""Plugin with estimators that misbehave, each in its own way."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np

import estimators


def hostile(name):
    return estimators.register(name, family="hostile")


class Base:
    def fit(self, X, t, y):
        return self

    def effect(self, X):
        return np.zeros(len(X))


@hostile("raises")
class Raises(Base):
    def fit(self, X, t, y):
        raise ZeroDivisionError("two\nlines")


@hostile("exits")
class Exits(Base):
    def fit(self, X, t, y):
        sys.exit(0)


@hostile("interrupts")
class Interrupts(Base):
    def fit(self, X, t, y):
        raise KeyboardInterrupt


@hostile("speechless")
class Speechless(Base):
    """Raises an error whose message cannot be shown."""

    def fit(self, X, t, y):
        class Unspeakable(Exception):
            def __str__(self):
                raise RuntimeError

        raise Unspeakable


@hostile("mumbles")
class Mumbles(Base):
    """Raises an error with half a character and a command of a terminal in its message."""

    def fit(self, X, t, y):
        raise ValueError("odd \udc80 and \x1b[31mred")


@hostile("dies")
class Dies(Base):
    def fit(self, X, t, y):
        os._exit(3)


@hostile("leaves")
class Leaves(Base):
    def fit(self, X, t, y):
        os._exit(0)


@hostile("killed")
class Killed(Base):
    def fit(self, X, t, y):
        os.kill(os.getpid(), signal.SIGKILL)


@hostile("hangs")
class Hangs(Base):
    def fit(self, X, t, y):
        with open("big.bin", "wb") as file:
            file.write(bytes(2**20))
        time.sleep(600)


@hostile("nan")
class NaN(Base):
    def effect(self, X):
        return np.full(len(X), np.nan)


@hostile("shape")
class Shape(Base):
    def effect(self, X):
        return np.zeros((len(X), 1))


@hostile("text")
class Text(Base):
    def effect(self, X):
        return "effect"


@hostile("upside down")
class UpsideDown(Base):
    def effect_interval(self, X, alpha):
        return np.ones(len(X)), np.zeros(len(X))


@hostile("nan ends")
class NaNEnds(Base):
    def ite_interval(self, X, t, y, alpha):
        return np.zeros(len(X)), np.full(len(X), np.nan)


@hostile("mutates X")
class MutatesX(Base):
    def fit(self, X, t, y):
        X.iloc[0, 0] += 1
        return self


@hostile("adds a column")
class AddsColumn(Base):
    def fit(self, X, t, y):
        X["t"] = t
        return self


@hostile("mutates y")
class MutatesY(Base):
    def effect(self, X):
        return np.zeros(len(X))

    def fit(self, X, t, y):
        y -= y.mean()
        return self


@hostile("too big")
class TooBig(Base):
    def fit(self, X, t, y):
        np.ones(10**15)


@hostile("peeks")
class Peeks(Base):
    """Draws from the global generator: the same seed gives the same draw in any worker."""

    def fit(self, X, t, y):
        self.draw = float(np.random.random())  # noqa: NPY002
        return self

    def effect(self, X):
        return np.full(len(X), self.draw)


@hostile("eats memory")
class EatsMemory(Base):
    """Allocates memory in small pieces, each of which would be granted alone."""

    def fit(self, X, t, y):
        self.hoard = []
        for _ in range(400):
            self.hoard.append(np.ones(2**21))  # 16 MiB


@hostile("peeks at the truth")
class PeeksAtTheTruth(Base):
    """Looks for potential outcomes in its folder and in the memory of its process."""

    def fit(self, X, t, y):
        import gc
        from pathlib import Path

        from sdscm.data.dataset import CausalDataset

        found = [str(path) for path in (*Path().rglob("*"), *Path("..").glob("*.parquet"))]
        found += [each for each in gc.get_objects() if isinstance(each, CausalDataset)]
        if not found:
            raise LookupError("no truth to be seen")
        return self


@hostile("leaves a mess")
class LeavesAMess(Base):
    """Changes the global state of the process, and then fails."""

    def fit(self, X, t, y):
        os.environ["OMP_NUM_THREADS"] = "lots"
        os.chdir("/")
        sys.path.insert(0, "nowhere")
        np.seterr(all="raise")
        np.random.seed(1)  # noqa: NPY002
        from sklearn.ensemble import RandomForestRegressor

        RandomForestRegressor.predict = lambda self, X: np.zeros(len(X))
        raise RuntimeError("a mess")
