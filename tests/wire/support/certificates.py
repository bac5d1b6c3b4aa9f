"""Certificates for tests, made by the openssl command: two authorities, and what they sign."""

from __future__ import annotations

import pathlib
import subprocess


def openssl(*arguments: str, folder: pathlib.Path) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Certificates:
    """Files in a folder: NAME.crt and NAME.key."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        for name in ("ca", "other-ca"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                    "-subj", f"/CN=Test {name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
                    "keyUsage=critical,keyCertSign", "-keyout", f"{name}.key", "-out", f"{name}.crt", folder=folder)
        self.serials: dict[str, int] = {}

    def make(self, name: str, ca: str = "ca", days: int = 365) -> tuple[str, str]:
        """A certificate for 127.0.0.1 and localhost, good for servers and clients: (certificate, key)."""
        serial = self.serials[name] = 1000 + len(self.serials)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr", folder=self.folder)
        (self.folder / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-set_serial",
                str(serial), "-days", str(days), "-extfile", "extensions", "-out", f"{name}.crt", folder=self.folder)
        (self.folder / f"{name}.key").chmod(0o600)
        return self.path(f"{name}.crt"), self.path(f"{name}.key")

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def options(self, name: str) -> tuple[str, ...]:
        return ("--tls-cert", self.path(f"{name}.crt"), "--tls-key", self.path(f"{name}.key"))
