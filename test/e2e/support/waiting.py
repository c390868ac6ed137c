"""Waiting for a condition, never for a time."""

import os
import time

# How many times longer than usual everything may take: for a run under
# valgrind.
SLOW = int(os.environ.get("GEOTRIP_TEST_SLOW", "1"))
DEADLINE = 20


def wait_until(condition, what, seconds=DEADLINE):
    """Call condition until it answers something true, and return that. what
    is a text, or called for one when the time is over."""
    seconds *= SLOW
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"waited {seconds} s in vain: {text}")
        time.sleep(0.01)
