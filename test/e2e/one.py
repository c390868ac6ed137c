"""Run the tests of one file that match one of the words, if there are any, and
print a line of JSON for each: its name, how it ended, what to know of it."""

import json
import sys
import time
import unittest


# More would hide why the test failed.
LOG_LINES = 60


def log_end(lines):
    left_out = max(0, len(lines) - LOG_LINES)
    head = f"server log, without its first {left_out} lines:" if left_out \
        else "server log:"
    return "\n".join([head, *lines[left_out:]]) + "\n"


class Result(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self._out = out

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()

    def _report(self, test, outcome, detail=""):
        seconds = round(time.monotonic() - getattr(
            self, "_begin", time.monotonic()), 2)
        print(json.dumps({"test": test.id(), "outcome": outcome,
                          "detail": detail, "seconds": seconds}),
              file=self._out, flush=True)

    def _failed(self, test, error):
        detail = self._exc_info_to_string(error, test)
        if hasattr(test, "log_excerpt"):
            detail += log_end(test.log_excerpt().splitlines())
        self._report(test, "failed", detail)

    def addSuccess(self, test):
        self._report(test, "passed")

    def addError(self, test, err):
        self._failed(test, err)

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._failed(test, err)

    def addSkip(self, test, reason):
        self._report(test, "skipped", reason)


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def main(module, words):
    # What a test prints by mistake is no result.
    results, sys.stdout = sys.stdout, sys.stderr
    found = unittest.defaultTestLoader.loadTestsFromName(module)
    tests = [test for test in tests_in(found)
             if not words or any(word in test.id() for word in words)]
    unittest.TestSuite(tests).run(Result(results))


main(sys.argv[1], sys.argv[2:])
