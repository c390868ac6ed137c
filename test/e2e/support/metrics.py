"""Reading what Dovecot's stats say in OpenMetrics."""

import re
import urllib.request

_LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read(port):
    """A dict from (name, frozenset of label pairs) to a number."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics",
                                timeout=20) as response:
        text = response.read().decode()
    found = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            name, labels, value = match.groups()
            labels = frozenset(_LABEL.findall(labels or ""))
            found[name, labels] = float(value)
    return found


def samples(port, name):
    """The samples of a metric, as read() names them, that Prometheus' sum()
    adds up."""
    return {labels: value for (found, labels), value in read(port).items()
            if found == f"dovecot_{name}_total"}


def count(port, name, **labels):
    """How many events were counted in a metric of that name with these labels
    and no others."""
    return read(port).get((f"dovecot_{name}_total",
                           frozenset(labels.items())), 0)
