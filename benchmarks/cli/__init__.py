"""Define the command line ``sdscm``. It is the only package that uses all three packages.

Commands import modules when they run, so that ``sdscm --help`` is fast.
"""

from __future__ import annotations

# Nothing else is imported before signals are handled.
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from benchmarks import check_neighbours

__all__ = ["main"]

STOPPED = 130  # 128 + SIGINT, as in shells
TERMINATED = 143  # 128 + SIGTERM

#: Seconds after which an interrupt that Python has dropped is sent again.
_AGAIN = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``sdscm`` and return its exit code. Ctrl-C and SIGTERM never print a traceback.

    Parameters
    ----------
    arguments
        The words after ``sdscm`` on the command line; by default those of this process.

    Returns
    -------
    0 on success, 1 on failure, 2 on bad input, 130 if the user stops it, 143 if SIGTERM does, 141
    if the reader of its output is gone.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with _Interrupts(process_ends=arguments is None) as received:
        try:
            check_neighbours()
        except ImportError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        try:
            from benchmarks.cli.entry import run

            code = run(given, received)
        except KeyboardInterrupt:  # while the program starts, or once more while it stops
            print("stopped; to go on, run the same command again", file=sys.stderr)
            code = STOPPED
        if code == STOPPED:
            # CPython ends a process by SIGINT if an interrupt came in the middle of an ``exec``,
            # as in the making of a dataclass, although it was handled; the next ``exec`` resets it.
            exec("")
        return TERMINATED if received[:1] == [signal.SIGTERM] and code == STOPPED else code


class _Interrupts:
    """Let Ctrl-C, and SIGTERM, by which schedulers end a job, raise a KeyboardInterrupt.

    ``with`` gives the list of the signals that have come.
    """

    def __init__(self, process_ends: bool) -> None:
        self._process_ends = process_ends
        self._received: list[int] = []
        self._open = True

    def __enter__(self) -> list[int]:
        self._hook, sys.unraisablehook = sys.unraisablehook, self._unraisable
        self._before = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            # A shell lets programs in the background ignore Ctrl-C.
            if before is not signal.SIG_IGN:
                try:
                    signal.signal(number, self._interrupt)
                except ValueError:  # not in the main thread, which alone may handle signals
                    break
                self._before[number] = before
        return self._received

    def __exit__(self, *_: object) -> None:
        self._open = False
        for number, before in self._before.items():
            # A signal while the interpreter ends would print a traceback: let it end the process.
            signal.signal(number, signal.SIG_DFL if self._process_ends else before)
        sys.unraisablehook = self._hook

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)
        raise KeyboardInterrupt

    def _unraisable(self, dropped: sys.UnraisableHookArgs) -> None:
        """Interrupt again if Python has dropped an interrupt, as it does in ``__del__``."""
        if not (self._received and issubclass(dropped.exc_type, KeyboardInterrupt)):
            self._hook(dropped)
            return
        from threading import Timer, main_thread

        def again() -> None:
            if self._open:
                # A real signal also ends a wait of the main thread.
                signal.pthread_kill(main_thread().ident or 0, self._received[0])

        timer = Timer(_AGAIN, again)
        timer.daemon = True
        timer.start()
