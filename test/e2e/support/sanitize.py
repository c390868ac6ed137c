"""Servers that are watched: by AddressSanitizer and UndefinedBehaviorSanitizer,
or by valgrind's memcheck.

For the sanitizers the modules must have been built with FLAGS: undefined
behavior becomes an illegal instruction, which AddressSanitizer reports. With
the libraries of both, one of them does not write where it should.

Dovecot is the installed one and knows nothing of it. For the sanitizers, all of
its processes and commands have their library preloaded; not Postfix, which
does not start reliably with it. For valgrind, a script takes the place of the
programs that geotrip's modules are in all the time; doveadm, which ends after
each command, is none of them.

A report counts if geotrip's code has a part in it.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import namespace, paths

KINDS = ("address", "valgrind")
# How many times longer everything may take.
SLOW = {"address": 3, "valgrind": 8}
FLAGS = ("-fsanitize=address,undefined -fsanitize-undefined-trap-on-error"
         " -fno-omit-frame-pointer")
PROGRAMS = ("auth", "geotrip")
COMMANDS = ("doveadm", "doveconf", "dovecot")
MARK = "GEOTRIP_TEST_SANITIZE"
PRELOAD = "GEOTRIP_TEST_PRELOAD"

# In a library, so that there is only one environment variable to pass on. Where
# leaks are concerned: Dovecot frees little when it ends, valgrind tells what is
# lost.
OPTIONS = """\
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{{
	return "log_path={logs}/asan:verify_asan_link_order=0:detect_leaks=0:"
		"detect_stack_use_after_return=1:handle_sigill=1:"
		"handle_abort=1";
}}
"""

COMMAND_SCRIPT = """\
#!/bin/sh
exec env LD_PRELOAD={preload} {real} "$@"
"""

PROGRAM_SCRIPT = """\
#!/bin/sh
exec {valgrind} --quiet --leak-check=full --show-leak-kinds=definite \\
	--keep-debuginfo=yes --num-callers=40 --vgdb=no \\
	--log-file={logs}/{name}.%p {real} "$@"
"""


def dovecot_conf(environment, unlimited):
    """What dovecot.conf needs in a watched run: what watches reserves more
    addresses than there is memory. environment writes the setting for an
    environment variable that the services get; unlimited is the word for a
    limit that is none."""
    text = ""
    if MARK in os.environ:
        text += f"default_vsz_limit = {unlimited}\n"
    if PRELOAD in os.environ:
        text += environment("LD_PRELOAD", os.environ[PRELOAD])
    return text


def geotrip_conf(unlimited):
    """The same of geotrip's: its service has a limit of its own, and takes
    longer to answer."""
    if MARK not in os.environ:
        return ""
    return ("service geotrip {\n"
            f"  vsz_limit = {unlimited}\n"
            "}\n"
            "geotrip_timeout = 5 s\n")


@contextlib.contextmanager
def watching(kind):
    """Watch what is started from now on. Gives a function that returns the
    reports so far: pairs of a name and a text."""
    if kind is None:
        yield lambda: []
        return
    os.environ[MARK] = kind
    os.environ.setdefault("GEOTRIP_TEST_SLOW", str(SLOW[kind]))
    top = pathlib.Path(tempfile.mkdtemp(prefix="sanitize-"))
    top.chmod(0o755)
    logs = top / "logs"
    logs.mkdir()
    # Whoever the process runs as.
    logs.chmod(0o1777)
    watch = {"address": _preload, "valgrind": _wrap}[kind]
    with watch(top, logs):
        yield lambda: sorted(_reports(logs))


@contextlib.contextmanager
def _preload(top, logs):
    source, library = top / "options.c", top / "options.so"
    source.write_text(OPTIONS.format(logs=logs))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source],
                   check=True)
    # The options first: the other one has a function of this name as well.
    preload = f"{library}:{_asan()}"
    commands = top / "commands"
    commands.mkdir()
    for name in COMMANDS:
        _write_script(commands / name, COMMAND_SCRIPT.format(
            preload=preload, real=paths.tool(name)))
    os.environ[PRELOAD] = preload
    os.environ["PATH"] = f"{commands}:{os.environ.get('PATH', '')}"
    yield


def _asan():
    done = subprocess.run(["gcc", "-print-file-name=libasan.so"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return os.path.realpath(done.stdout.strip())


def _write_script(path, text):
    path.write_text(text)
    path.chmod(0o755)


@contextlib.contextmanager
def _wrap(top, logs):
    directory = _program_directory()
    built = top / "programs"
    built.mkdir()
    for name in PROGRAMS:
        if not (directory / name).exists():
            continue
        real = built / f"{name}.real"
        shutil.copy(directory / name, real)
        _write_script(built / name, PROGRAM_SCRIPT.format(
            valgrind=paths.tool("valgrind"), logs=logs, name=name,
            real=directory / real.name))
    with namespace.overlay(directory, built):
        yield


def _program_directory():
    done = subprocess.run(
        [paths.tool("doveconf"), "-c", "/dev/null", "-h", "libexec_dir"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        check=False)
    return pathlib.Path(done.stdout.strip() or "/usr/lib/dovecot")


def _reports(logs):
    for path in logs.iterdir():
        text = path.read_text(errors="backslashreplace")
        # Memcheck's are many in one file, with lines in between that have
        # nothing but the process id.
        for part in re.split(r"(?m)^==\d+== \n", text):
            if "geotrip" in part:
                yield path.name, part
