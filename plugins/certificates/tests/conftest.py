"""What tests of the certificates need: authorities of their own, a host, OpenSSL."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.made_pki import Pki
from plugins.certificates.tests.made_pki import pki as made_pki


@pytest.fixture(scope="session")
def pki() -> Pki:
    return made_pki()


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command ``openssl`` in a folder of the test's own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
        )

    return run


@pytest.fixture
def host(pki: Pki) -> Context:
    """A host that trusts the TEST tree, and has no key yet."""
    context = Context()
    context.keyring.trusted["igc-sante"] = pki.anchors
    return context
