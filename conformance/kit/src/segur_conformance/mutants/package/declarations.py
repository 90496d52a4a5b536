"""Mutants whose declarations, settings, answers, texts or distribution are not what they should be."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant
from segur_conformance.mutants.package.insertions import (
    PACKAGE,
    instead_of_answering,
    package_mutant,
    while_imported,
)

_MANIFEST: Final = "segur_plugin.toml"
_TEST: Final = "https://qualiflps-services-ps-tlsm.ameli.fr/lps"
_PRODUCTION: Final = "https://services-ps-tlsm.ameli.fr/lps"
_AUTOMATIC: Final = f'key = "insi-auto"\n[network.addresses]\ntest = "{_TEST}"\nproduction = '

MANIFEST: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "declares-too-much",
        "annonce un moment auquel il ne répond pas",
        Change(PACKAGE, _MANIFEST, "[data]\n", '[[hooks]]\nname = "on_card_read"\nversion = "1.0"\n\n[data]\n'),
        "manifest.true",
    ),
    package_mutant(
        "any-sdk",
        "annonce des versions du SDK que personne ne connaît",
        Change(PACKAGE, _MANIFEST, 'sdk = ">=0.1,<2"', 'sdk = ">=0.1,<9"'),
        "manifest.sdk-window",
    ),
    package_mutant(
        "declares-too-little",
        "pose des questions sans l’avoir déclaré",
        Change(PACKAGE, _MANIFEST, "prompts = true\n", ""),
        "manifest.enough-granted",
    ),
    package_mutant(
        "unknown-requirement",
        "nomme une exigence qui n’existe pas",
        Change(PACKAGE, _MANIFEST, '"S000-11"', '"S999-11"'),
        "manifest.requirements",
    ),
    package_mutant(
        "tests-in-production",
        "donne à l’essai l’adresse de la production",
        Change(PACKAGE, _MANIFEST, f'{_AUTOMATIC}"{_PRODUCTION}"', f'{_AUTOMATIC}"{_TEST}"'),
        "manifest.addresses",
    ),
    package_mutant(
        "claims-approval",
        "se dit référencé",
        Change(PACKAGE, _MANIFEST, 'description = "', 'description = "Module référencé Ségur. '),
        "wording.no-approval",
    ),
)

SETTINGS: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "needs-a-setting",
        "exige un réglage sans valeur par défaut",
        Change(PACKAGE, "settings.py", "Field(default=1, ge=0, le=2)", "Field(ge=0, le=2)"),
        "settings.complete",
    ),
    package_mutant(
        "takes-any-setting",
        "accepte des réglages qu’il ne connaît pas",
        Change(
            PACKAGE,
            "settings.py",
            '    """What a site may change."""\n',
            '    """What a site may change."""\n\n    model_config = {"extra": "ignore"}\n',
        ),
        "settings.closed",
    ),
    package_mutant(
        "takes-a-password",
        "reçoit un mot de passe dans ses réglages",
        Change(
            PACKAGE,
            "settings.py",
            '    """What a site may change."""\n',
            '    """What a site may change."""\n\n    proxy_password: str = ""\n',
        ),
        "settings.no-secret",
    ),
)

ANSWERS: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "another-type",
        "répond un instant qui n’en est pas un",
        instead_of_answering(
            "found = Qualification(event, ctx).evidence()\n"
            "odd = getattr(event.subject, 'kind', '') == 'ins'\n"
            "return found.model_copy(update={'obtained_at': 'hier'}) if odd else found"
        ),
        "answers.types",
    ),
    package_mutant(
        "bare-exception",
        "laisse passer une exception nue devant une carte",
        instead_of_answering(
            "if getattr(event.subject, 'kind', '') == 'card':\n"
            "    return {}[event.subject.kind]\n"
            "return Qualification(event, ctx).evidence()"
        ),
        "answers.typed-errors",
    ),
    package_mutant(
        "code-without-text",
        "lève un code que rien n’explique",
        Change(PACKAGE, "qualification.py", '"insi.card_serial_missing"', '"insi.card_serial_absent"'),
        "answers.french-texts",
    ),
    package_mutant(
        "text-without-action",
        "explique un code sans dire que faire",
        Change(PACKAGE, "messages_fr.toml", 'action = "Remettez ce réglage à « none »."', 'action = "—"'),
        "answers.french-texts",
    ),
)

DISTRIBUTION: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "unrecorded-file",
        "installe un fichier que RECORD ne connaît pas",
        Change(
            PACKAGE,
            "dist-info/RECORD",
            f"{PACKAGE}/py.typed,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
            "",
        ),
        "wheel.as-built",
    ),
    package_mutant(
        "pins-the-sdk",
        "épingle une version du SDK",
        Change(
            PACKAGE,
            "dist-info/METADATA",
            "Requires-Dist: segur-sdk[saml,xml]<2,>=0.1",
            "Requires-Dist: segur-sdk[saml,xml]==0.1.0",
        ),
        "wheel.metadata",
    ),
    package_mutant(
        "undeclared-dependency",
        "se sert d’une bibliothèque qu’il ne déclare pas",
        while_imported("import typer"),
        "wheel.alone",
    ),
)

MUTANTS: Final[tuple[Mutant, ...]] = (*MANIFEST, *SETTINGS, *ANSWERS, *DISTRIBUTION)
