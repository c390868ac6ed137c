"""A certificate authority for one test, made with openssl."""

import ssl
import subprocess

from . import paths


class Authority:
    """Keys and certificates as files in a directory of the server's."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self._openssl("req", "-x509", "-subj", "/CN=Test CA",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                      "-keyout", self._file("ca.key"),
                      "-out", self._file("ca.pem"))
        # Dovecot wants a revocation list beside a client CA; an empty one.
        (directory / "index").touch()
        (directory / "ca.conf").write_text(
            "[ca]\ndefault_ca = test\n[test]\n"
            f"database = {directory}/index\ndefault_md = sha256\n"
            "default_crl_days = 2\n")
        subprocess.run(
            [paths.tool("openssl"), "ca", "-gencrl", "-config",
             self._file("ca.conf"), "-cert", self._file("ca.pem"),
             "-keyfile", self._file("ca.key"), "-out", self._file("crl.pem")],
            check=True, capture_output=True)
        with open(self._file("ca-and-crl.pem"), "w") as both:
            for name in ("ca.pem", "crl.pem"):
                both.write((directory / name).read_text())

    def _file(self, name):
        return str(self.directory / name)

    def _openssl(self, *arguments):
        subprocess.run([paths.tool("openssl"), *arguments, "-nodes",
                        "-days", "2", "-newkey", "ec",
                        "-pkeyopt", "ec_paramgen_curve:P-256"],
                       check=True, capture_output=True)

    def issue(self, file, common_name):
        """A key and a certificate: file.key, file.pem."""
        self._openssl("req", "-x509", "-subj", f"/CN={common_name}",
                      "-CA", self._file("ca.pem"), "-CAkey",
                      self._file("ca.key"), "-addext",
                      "basicConstraints=critical,CA:FALSE",
                      "-addext", "subjectAltName=IP:127.0.0.1",
                      "-keyout", self._file(f"{file}.key"),
                      "-out", self._file(f"{file}.pem"))

    def trusting_context(self):
        """TLS as a client that shows no certificate."""
        return ssl.create_default_context(cafile=self._file("ca.pem"))

    def client_context(self, file):
        """TLS as a client that shows the certificate."""
        context = ssl.create_default_context(cafile=self._file("ca.pem"))
        context.check_hostname = False
        context.load_cert_chain(self._file(f"{file}.pem"),
                                self._file(f"{file}.key"))
        return context
