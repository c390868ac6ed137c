"""The table at the end, and whether the goals are met."""

import statistics

VARIANTS = {
    "a": "Dovecot without geotrip",
    "b": "with geotrip",
    "m": "with geotrip and the metrics of its example file",
    "c": "Dovecot's policy client and an nginx that does nothing",
    "h": "with geotrip, and a database with history",
}
# name, key, format
COLUMNS = (
    ("logins/s", "rate", "{:,.0f}"),
    ("p50 ms", "p50_ms", "{:.3f}"),
    ("p99 ms", "p99_ms", "{:.3f}"),
    ("p99.9 ms", "p999_ms", "{:.3f}"),
    ("worst ms", "max_ms", "{:.1f}"),
    ("auth CPU s/1000", "auth_cpu", "{:.4f}"),
    ("all CPU s/1000", "server_cpu", "{:.4f}"),
    ("RSS MB", "rss_mb", "{:.1f}"),
    ("PSS MB", "pss_mb", "{:.1f}"),
    ("seconds", "seconds", "{:.3f}"),
)


class Results:
    def __init__(self, results):
        self._results = results

    def values(self, scenario, variant, key):
        return [result[key] for result in self._results
                if (result["scenario"], result["variant"]) == (
                    scenario, variant) and key in result]

    def median(self, scenario, variant, key):
        values = self.values(scenario, variant, key)
        return statistics.median(values) if values else None

    def ratio(self, scenario, variant, other, key="rate"):
        """The median of the ratios of each round."""
        pairs = list(zip(self.values(scenario, variant, key),
                         self.values(scenario, other, key)))
        if not pairs:
            return None
        return statistics.median(one / two for one, two in pairs)

    def rows(self):
        """Each scenario with each of its variants."""
        return list(dict.fromkeys((result["scenario"], result["variant"])
                                  for result in self._results))


def table(results):
    rows = [["", "", "x (a)", *(name for name, _, _ in COLUMNS)]]
    for scenario, variant in results.rows():
        row = [scenario, f"({variant})"]
        ratio = results.ratio(scenario, variant, "a")
        row.append("" if ratio is None else f"{ratio:.2f}")
        for _, key, form in COLUMNS:
            value = results.median(scenario, variant, key)
            row.append("" if value is None else form.format(value))
        rows.append(row)
    return aligned(rows)


def aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "".join("  ".join(
        cell.ljust(width) if number < 2 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths))).rstrip()
        + "\n" for row in rows)


def at_least(value, goal):
    return value >= goal


def at_most(value, goal):
    return value <= goal


def difference(one, two):
    return None if one is None or two is None else one - two


def slowest(results, *scenarios):
    values = [results.median(name, "h", "seconds") for name in scenarios]
    return max(values) if None not in values else None


def goals(results):
    """Name, value, how to compare it, and with what; the value is None where
    it was not measured."""
    ratio, median = results.ratio, results.median
    return (
        ("32 in flight, of (a)", ratio("32", "b", "a"), at_least, 0.80),
        ("32 in flight, of (c)", ratio("32", "b", "c"), at_least, 5),
        ("256 in flight, of (a)", ratio("256", "b", "a"), at_least, 0.80),
        ("one at a time, of (a)", ratio("1", "b", "a"), at_least, 0.92),
        ("one at a time, p99 above (a), ms",
         difference(median("1", "b", "p99_ms"), median("1", "a", "p99_ms")),
         at_most, 0.1),
        ("with history, of (b)", ratio("history", "h", "b"), at_least, 0.95),
        ("during purge, of (a) before it",
         quotient(median("purge", "h", "rate"),
                  median("purge, before", "a", "rate")), at_least, 0.6),
        ("during purge, p99.9 ms", median("purge", "h", "p999_ms"),
         at_most, 50),
        ("memory above (a), MB",
         difference(median("memory", "b", "rss_mb"),
                    median("memory", "a", "rss_mb")), at_most, 40),
        ("doveadm geotrip history, show, list, s",
         slowest(results, *(f"doveadm geotrip {name}" for name in (
             "history", "show", "list"))), at_most, 0.05),
        ("doveadm geotrip countries -s 30d, s",
         slowest(results, "doveadm geotrip countries -s 30d"), at_most, 2),
    )


def quotient(one, two):
    return None if one is None or two is None else one / two


def goals_table(results):
    rows = [["goal", "", "measured", "goal"]]
    for name, value, compare, goal in goals(results):
        if value is None:
            continue
        word = "met" if compare(value, goal) else "MISSED"
        sign = ">=" if compare is at_least else "<="
        rows.append([name, word, f"{value:.3f}", f"{sign} {goal}"])
    return aligned(rows) if len(rows) > 1 else ""


def text(bench):
    results = Results(bench.results)
    lines = [f"({variant}) {name}\n" for variant, name in VARIANTS.items()
             if any(row[1] == variant for row in results.rows())]
    lines += ["\n", table(results), "\n", goals_table(results), "\n"]
    lines += [f"note: {note}\n" for note in bench.notes]
    lines += [f"PROBLEM: {problem}\n" for problem in bench.problems]
    return "".join(lines)
