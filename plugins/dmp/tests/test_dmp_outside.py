"""What ``segur send --dry-run`` writes is what other programs verify, and the sandbox takes from curl."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.dmp.tests.at_the_sandbox import pharmacist, zoe
from plugins.dmp.tests.outside_tools import curl, digest_of, lot_verified, manifest_of, vihf_verified
from plugins.dmp.tests.scripted_dmp import draft
from segur_sdk.formats.cda.reading import read_cda

if TYPE_CHECKING:
    from segur_sandbox.running import RunningSandbox

FILES = {"document.xml", "metadata.xml", "signature.xml", "vihf.xml", "message.mime"}


def written(config: Path, out: Path, given: dict[str, Any]) -> dict[str, bytes]:
    """Have the command write what would go out, and read it back."""
    command = [str(Path(sys.executable).with_name("segur")), "send", "--input", "-", "--dry-run", "--out", str(out)]
    done = subprocess.run(
        [*command, "--config", str(config), "--json"],
        input=json.dumps(given).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert (told["verdict"], set(told["files"])) == ("allow", FILES)
    return {one.name: one.read_bytes() for one in out.iterdir()}


@pytest.mark.req("S000-05")
def test_what_the_command_writes_is_verified_by_xmlsec1_and_taken_by_the_sandbox_from_curl(
    segur_sandbox: "RunningSandbox", tmp_path: Path
) -> None:
    from segur_host import Host

    config = tmp_path / "segur.toml"
    text = segur_sandbox.config.read_text("utf-8")
    config.write_text(re.sub(r"(?m)^data = .*$", f'data = "{tmp_path / "host"}"', text, count=1), "utf-8")
    author = pharmacist()
    with Host(config) as host:
        given = draft(identity=zoe(host), author=author, validator=author)
    files = written(config, tmp_path / "out", {"kind": "dmp", **json.loads(given.model_dump_json())})
    assert set(files) == FILES
    assert segur_sandbox.dmp_now()["entries"] == []

    anchors = Path(segur_sandbox.descriptor["ca"])
    assert vihf_verified(files["vihf.xml"], tmp_path, anchors)
    assert lot_verified(files["signature.xml"], tmp_path, anchors)
    unique_id = read_cda(files["document.xml"]).id.root
    digests = manifest_of(files["signature.xml"])
    (set_id,) = set(digests) - {f"urn:oid:{unique_id}"}
    assert digests == {set_id: b"\0", f"urn:oid:{unique_id}": digest_of(files["document.xml"])}
    assert set_id.removeprefix("urn:oid:").encode() in files["metadata.xml"]

    # The first line says under which header the rest is posted.
    content_type = files["message.mime"].partition(b"\r\n")[0].decode().removeprefix("Content-Type: ")
    own = segur_sandbox.descriptor["certificates"]["org-auth"]
    tls = ["--cacert", str(anchors), "--cert", own["cert"], "--key", own["key"]]
    address = f"{segur_sandbox.descriptor['services']['dmp']['url']}/DocumentRepository_Service"
    answer = curl(address, files["message.mime"], content_type, tls, tmp_path)
    assert b"ResponseStatusType:Success" in answer
    assert segur_sandbox.dmp_documents(unique_id) == [files["document.xml"]]
