"""Code of others ends neither this process nor its patience, and gives back what it was lent."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

import pytest

from ssmar_bench.core.contained import EndedError, LateError, contained


def test_leaving_at_once_is_an_error_that_no_except_exception_keeps() -> None:
    leave = os._exit

    def inside() -> None:
        with contained(), contextlib.suppress(Exception):
            os._exit(0)

    with pytest.raises(EndedError, match=r"it calls os\._exit\(0\)"):
        inside()
    assert os._exit is leave


def test_what_does_not_come_back_is_stopped_and_the_timer_of_others_goes_on() -> None:
    def own(*_: object) -> None:
        pass

    before = signal.signal(signal.SIGALRM, own)
    signal.setitimer(signal.ITIMER_REAL, 600)
    try:
        with pytest.raises(LateError, match="it has not come back within "), contained(0.05):
            time.sleep(60)
        assert signal.getsignal(signal.SIGALRM) is own
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 500
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_process_that_it_starts_may_end() -> None:
    with contained():
        child = os.fork()
        if not child:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def test_in_another_thread_there_is_no_limit_and_no_error() -> None:
    found: list[BaseException] = []

    def inside() -> None:
        try:
            with contained(0.01):
                time.sleep(0.05)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == []


def test_what_it_prints_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with contained():
        sys.stdout.write("hello\n")
        sys.stderr.write("there\n")
    assert capsys.readouterr() == ("", "hello\nthere\n")
