"""A library's ranks, alive for the length of a run: they sleep until it is their turn to be measured."""

import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .points import Point
from .settings import Setting, command, environment

START_SECONDS = 60
POINT_SECONDS = 120


class Failed(Exception):
    """The library ended, or gave no answer in time."""


class Session:
    def __init__(self, setting: Setting, collective: str, ranks: int, programs: Path, network: str):
        self._network = network
        self.collective = collective
        self.setting = setting
        self.ranks = ranks
        self._side_channel = tempfile.NamedTemporaryFile(dir="/dev/shm")
        self._scratch = tempfile.TemporaryDirectory()
        self._errors = tempfile.TemporaryFile()
        self._unread = b""
        self._process = subprocess.Popen(
            command(setting, ranks, programs, self._side_channel.name, self._scratch.name),
            env=environment(setting),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        try:
            self._await_line("ready", START_SECONDS)
        except Failed:
            self.close()
            raise

    def measure(self, size: int, seconds: float, round_number: int) -> Point:
        try:
            self._process.stdin.write(f"{self.collective} {size} {seconds}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self._last_words()) from None
        cells = self._await_line("point,", POINT_SECONDS).split(",")
        measured, iterations, median, least, p99, before, after, wrong, moved = cells[1:]
        return Point(
            self.collective, self.setting.library, self.setting.name, self.ranks, round_number,
            int(measured), int(iterations), float(median), float(least), float(p99),
            float(before), float(after), int(wrong), self._network, int(moved),
        )  # fmt: skip

    def close(self) -> None:
        """Ends the ranks: by the end of their input, or else by force."""
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.terminate()  # launchers pass it on to their ranks
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._errors.close()
        self._scratch.cleanup()
        self._side_channel.close()

    def _await_line(self, begins: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            line, found, rest = self._unread.partition(b"\n")
            if found:
                self._unread = rest
                text = line.decode(errors="replace")
                if text.startswith(begins):
                    return text
                print(f"{self.setting.library} says: {text}", file=sys.stderr)
                continue
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise Failed(f"no answer within {seconds} s")
            more = os.read(self._process.stdout.fileno(), 1 << 16)
            if not more:
                raise Failed(self._last_words())
            self._unread += more

    def _last_words(self) -> str:
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip()
        return f"it ended: {words[-500:] or 'without a word'}"
