"""Official schemas, used when the environment variable `SEGUR_ASSETS` names a folder that holds `insi/xsd`."""

import os
from pathlib import Path

from lxml import etree

from segur_sandbox.insi.namespaces import CTXBAM, CTXLPS, RECSANS, RECVIT, WSSE

_FILES = {
    f"{{{CTXBAM}}}ContexteBAM": "CTX/ROOT_ctxbam_CTXBAM_V01_02.xsd",
    f"{{{CTXLPS}}}ContexteLPS": "CTX/ROOT_ctxlps_CTXLPS_V01_00.xsd",
    f"{{{RECSANS}}}RECSANSVITALE": "ServiceIdentiteCertifiee/INSi_RECSANS_INS.xsd",
    f"{{{RECVIT}}}RECVITALE": "ServiceIdentiteCertifiee/INSi_RECVITALE_INS.xsd",
    f"{{{WSSE}}}Security": "WSSE/Security.xsd",
}


class OfficialSchemas:
    """The INSi schemas by the qualified name of the element that each describes; empty without the files."""

    def __init__(self, assets: Path | None) -> None:
        self._schemas: dict[str, etree.XMLSchema] = {}
        if assets is not None and (assets / "insi" / "xsd").is_dir():
            parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
            for tag, relative in _FILES.items():
                document = etree.parse(str(assets / "insi" / "xsd" / relative), parser)
                self._schemas[tag] = etree.XMLSchema(document)

    @classmethod
    def from_environment(cls) -> "OfficialSchemas":
        """Load the files that `SEGUR_ASSETS` points to."""
        folder = os.environ.get("SEGUR_ASSETS")
        return cls(Path(folder) if folder else None)

    def accepts(self, element: etree._Element) -> bool:
        """Tell whether the element is valid; true when no schema is known for it."""
        schema = self._schemas.get(str(element.tag))
        return schema is None or schema.validate(element)
