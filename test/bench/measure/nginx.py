"""An nginx that gives Dovecot's policy client the same answer each time: what
a policy server costs that does nothing at all."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from support import paths
from support.ports import free_port, listens
from support.waiting import wait_until

CONF = """\
daemon off;
worker_processes 1;
pid {top}/pid;
error_log {top}/error.log;
events {{
  worker_connections 1024;
}}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_temp_path {top}/body;
  proxy_temp_path {top}/proxy;
  fastcgi_temp_path {top}/fastcgi;
  uwsgi_temp_path {top}/uwsgi;
  scgi_temp_path {top}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      default_type application/json;
      return 200 '{{"status":0,"msg":""}}';
    }}
  }}
}}
"""


class Unavailable(Exception):
    """There is no nginx."""


class Nginx:
    def __init__(self):
        try:
            program = paths.tool("nginx")
        except FileNotFoundError:
            raise Unavailable("nginx is not installed") from None
        self.top = paths.work_directory("nginx")
        self.port = free_port()
        conf = self.top / "nginx.conf"
        conf.write_text(CONF.format(top=self.top, port=self.port))
        self._process = subprocess.Popen(
            [program, "-p", self.top, "-c", conf], stdin=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), "nginx listens")

    @property
    def pid(self):
        """Of the master; its worker is its only child."""
        return self._process.pid

    def close(self):
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self.top)


def install():
    """With apt, and so that it is not started. Returns whether it is there."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        return True
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        with tempfile.TemporaryFile() as log:
            return all(subprocess.run(
                ["apt-get", "-q", *words], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, check=False,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                ).returncode == 0 for words in (
                    ["update"],
                    ["-y", "--no-install-recommends", "install", "nginx"]))
    finally:
        if ours:
            policy.unlink()
