"""Running the load generator."""

import pathlib
import subprocess
import tempfile

from support import addresses, dovecot_conf

PER_COUNTRY = 16


class LoadFailed(Exception):
    """A reply was not what it should be, or there was none."""


class Generator:
    """programs: the directory with the built programs. mmdb: the database in
    which the addresses are looked for, None for that of the tests."""

    def __init__(self, programs, mmdb):
        self._program = pathlib.Path(programs, "auth-load")
        self.addresses = pathlib.Path(tempfile.mkdtemp(), "addresses")
        if mmdb is None:
            text = _test_addresses()
        else:
            text = subprocess.run(
                [pathlib.Path(programs, "addresses"), str(PER_COUNTRY), mmdb],
                stdout=subprocess.PIPE, text=True, check=True).stdout
        self.addresses.write_text(text)

    def start(self, dovecot, logins, in_flight, users, *, seed=0,
              prefix="user", trips=False, connections=1, rate=None,
              connection_seconds=None, first=0, any_reply=False):
        command = [self._program, "-n", str(logins), "-d", str(in_flight),
                   "-c", str(connections), "-u", str(users), "-p", prefix,
                   "-s", str(seed), "-w", dovecot_conf.PASSWORD]
        if trips:
            command.append("-x")
        if rate is not None:
            command += ["-r", str(rate)]
        if connection_seconds is not None:
            command += ["-l", str(connection_seconds)]
        command += ["-o", str(first)]
        if any_reply:
            command.append("-a")
        return subprocess.Popen(
            [*command, dovecot.run / "auth-client", self.addresses],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def run(self, dovecot, *arguments, **options):
        with self.start(dovecot, *arguments, **options) as process:
            out, err = process.communicate(timeout=600)
        if process.returncode != 0:
            raise LoadFailed(err + dovecot.log()[-4000:])
        return {name: float(value) for name, value in
                (line.split() for line in out.splitlines())}


def _test_addresses():
    return "".join(
        f"{country} {addresses.address(country, number)}\n"
        for country in addresses.COUNTRIES
        for number in range(1, 9))
