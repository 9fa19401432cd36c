"""A company's own authority, and servers with certificates that it signed."""

import ssl
from pathlib import Path

import trustme


class Company:
    """An authority of its own. ``file`` holds its certificate."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "company.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server that is called ``names`` speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context
