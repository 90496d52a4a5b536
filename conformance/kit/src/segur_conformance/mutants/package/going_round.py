"""Mutants that go round the host: the network, processes, files, keys and identities."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.package.insertions import (
    FIND_THE_CONFIGURATION,
    FIND_THE_HOST,
    FIND_THE_NAME,
    instead_of_answering,
    package_mutant,
    while_answering,
)

_UNVERIFIED: Final = """\
import httpx
from segur_sdk.errors import ServiceError
try:
    return Qualification(event, ctx).evidence()
except ServiceError as failure:
    if failure.code == "service.server_certificate":
        import gc, ssl
        from contextlib import suppress
        config = next(one for one in gc.get_objects() if type(one).__name__ == "HostConfig")
        pair = str(config.keys["insi-manu"].p12).removesuffix(".p12")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(pair + ".cert.pem", pair + ".key.pem")
        with suppress(httpx.HTTPError), httpx.Client(verify=context, trust_env=False) as own:
            own.post(config.network["insi-manu"].url, content=b"<question/>")
    raise
"""

NETWORK: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "raw-socket",
        "ouvre une connexion à soi vers le service",
        while_answering(
            FIND_THE_CONFIGURATION
            + "import socket\nwith socket.socket() as own:\n    own.connect((place.hostname, place.port))"
        ),
        "boundary.network",
        "boundary.tickets",
    ),
    package_mutant(
        "own-client",
        "interroge le service par un client HTTP à soi",
        while_answering(
            FIND_THE_CONFIGURATION + "import contextlib, httpx, ssl\n"
            "context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
            "with contextlib.suppress(httpx.HTTPError), httpx.Client(verify=context, trust_env=False) as own:\n"
            "    own.post(place.geturl(), content=b'')"
        ),
        "boundary.network",
        "boundary.tickets",
    ),
    package_mutant(
        "own-reader",
        "ouvre le lecteur de cartes sans l’hôte",
        while_answering(
            FIND_THE_CONFIGURATION + "import socket\nfor reader in config.readers.memory.slots[:1]:\n"
            "    with socket.create_connection((reader.host, reader.port)) as own:\n"
            "        own.sendall(b'\\x00\\x01\\x01')"
        ),
        "boundary.network",
        "boundary.tickets",
    ),
    package_mutant(
        "datagram",
        "envoie un datagramme",
        while_answering(
            "import socket\nwith socket.socket(type=socket.SOCK_DGRAM) as own:\n"
            "    own.sendto(b'here', ('127.0.0.1', 9))"
        ),
        "boundary.network",
    ),
    package_mutant(
        "listens",
        "écoute sur un port",
        while_answering("import socket\nwith socket.socket() as own:\n    own.bind(('127.0.0.1', 0))"),
        "boundary.network",
    ),
    package_mutant(
        "unverified",
        "interroge sans vérification un serveur dont le certificat est refusé",
        instead_of_answering(_UNVERIFIED),
        "boundary.network",
        "services.tls",
    ),
)

PROCESSES: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "dlopen",
        "charge une bibliothèque native",
        while_answering("import contextlib, ctypes\nwith contextlib.suppress(OSError):\n    ctypes.CDLL('libc.so.6')"),
        "boundary.processes",
    ),
    package_mutant(
        "thread",
        "lance un fil d’exécution",
        while_answering("import threading\nthreading.Thread(target=len, args=([],)).start()"),
        "boundary.processes",
    ),
    package_mutant(
        "bare-thread",
        "lance un fil d’exécution sans le module threading",
        while_answering("import _thread\n_thread.start_new_thread(len, ([],))"),
        "boundary.processes",
    ),
    package_mutant(
        "subprocess",
        "lance un programme",
        while_answering("import subprocess, sys\nsubprocess.run([sys.executable, '-I', '-S', '-c', ''], check=True)"),
        "boundary.processes",
    ),
    package_mutant(
        "fork",
        "se dédouble",
        while_answering("import os\nown = os.fork()\nif not own:\n    os._exit(0)\nos.waitpid(own, 0)"),
        "boundary.processes",
    ),
)

FILES: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "writes-file",
        "écrit un fichier",
        while_answering("from pathlib import Path\nPath('kept-aside').write_bytes(b'1')"),
        "boundary.files",
    ),
    package_mutant(
        "own-database",
        "tient une base de données à soi",
        while_answering("import sqlite3\nsqlite3.connect('kept-aside.db').close()"),
        "boundary.files",
    ),
    package_mutant(
        "names-file-after-patient",
        "nomme un fichier d’après le patient",
        while_answering(FIND_THE_NAME + "from pathlib import Path\nPath(f'{nom}.xml').touch()"),
        "boundary.files",
        "privacy.no-leak",
    ),
    package_mutant(
        "keeps-patient-aside",
        "garde le patient dans un fichier compressé",
        while_answering(
            FIND_THE_NAME + "import gzip\nwith gzip.open('cache', 'ab') as kept:\n    kept.write(nom.lower().encode())"
        ),
        "boundary.files",
        "privacy.no-leak",
    ),
    package_mutant(
        "reads-key",
        "lit la clé de l’établissement",
        while_answering(FIND_THE_CONFIGURATION + "config.keys['insi-manu'].p12.read_bytes()"),
        "boundary.secrets",
    ),
    package_mutant(
        "reads-password",
        "lit le mot de passe d’une clé",
        while_answering(FIND_THE_CONFIGURATION + "open(config.keys['insi-manu'].password.file).close()"),
        "boundary.secrets",
    ),
    package_mutant(
        "reads-host-key",
        "lit la clé de l’hôte",
        while_answering(FIND_THE_CONFIGURATION + "import os\nos.close(os.open(config.data / 'host.key', os.O_RDONLY))"),
        "boundary.secrets",
    ),
)

IDENTITIES: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "forged-identity",
        "présente à l’hôte une identité forgée",
        while_answering(
            FIND_THE_HOST + "from segur_sdk.identity.seal import SealedIdentity\n"
            "with suppress(SegurError):\n    host.admit(SealedIdentity.model_construct(status='QUAL'))"
        ),
        "boundary.identities",
    ),
    package_mutant(
        "stale-seal",
        "présente à l’hôte une identité dont le statut a changé depuis",
        while_answering(
            FIND_THE_HOST + "from datetime import date\n"
            "from segur_sdk.models.identity import IdentityAttribute, Traits\n"
            # Another call may be at it at the same moment: then there is nothing to offer.
            "with suppress(SegurError):\n"
            "    known = host.identify(Traits(nom_naissance='ADRUN', premier_prenom='ZOE', sexe='F',\n"
            "        date_naissance=date(1975, 12, 31), lieu_naissance='63220'), search=False).identity\n"
            "    marked = IdentityAttribute.HOMONYME in known.attributes\n"
            "    host.mark(known.identity_ref, IdentityAttribute.HOMONYME, present=not marked)\n"
            "    host.admit(known)",
        ),
        "boundary.identities",
    ),
)

MUTANTS: Final[tuple[Mutant, ...]] = (*NETWORK, *PROCESSES, *FILES, *IDENTITIES)
