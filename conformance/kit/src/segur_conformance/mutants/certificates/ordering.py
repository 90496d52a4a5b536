"""Mutants of ordering, installing and renewing, and of what becomes of keys and secrets."""

from typing import Final

from segur_conformance.mutants.certificates.places import host, plugin
from segur_conformance.mutants.mutant import Mutant

_INSTALLED: Final = (
    "        order, notes = install(order, request.certificates, orders, ctx, self._read, _at_the_workplace(ctx))\n"
)


def _swallowing(codes: str) -> str:
    """Return the installation in which a refusal with one of these codes passes for a success."""
    return (
        "        from segur_sdk.errors import InputError\n"
        "        notes = ()\n"
        "        try:\n"
        f"    {_INSTALLED}"
        "        except InputError as failure:\n"
        f"            if failure.code not in {codes}:\n"
        "                raise\n"
    )


MUTANTS: Final = (
    Mutant(
        "certificates.keys-in-clear",
        "garde aussi une copie en clair de chaque clé",
        ("certificates.keys.at-rest",),
        (
            host(
                "keyring/store.py",
                "        name = public_key[:16].lower()\n        make_private",
                "        from cryptography.hazmat.primitives.serialization import NoEncryption\n\n"
                "        copy = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())\n"
                '        files["copy.pem"] = copy\n'
                "        name = public_key[:16].lower()\n        make_private",
            ),
        ),
    ),
    Mutant(
        "certificates.secrets-noted",
        "note à l’audit le code de révocation",
        ("certificates.keys.nowhere",),
        (
            host(
                "keyring/host_keyring.py",
                '            record("keyring.sealed", name=name)\n',
                '            record("keyring.sealed", name=name, value=secret)\n',
            ),
        ),
    ),
    Mutant(
        "certificates.sends-unfinished-forms",
        "laisse envoyer un formulaire incomplet",
        ("certificates.steps.in-order",),
        (
            plugin(
                "ordering/preparing.py",
                '("certificates.order_incomplete" if lacks_until(asked, PREPARED) else None)',
                '("certificates.order_incomplete" if state is None else None)',
            ),
        ),
    ),
    Mutant(
        "certificates.finess-juridique",
        "accepte un FINESS juridique",
        ("certificates.steps.prerequisites",),
        (
            plugin(
                "ordering/preparing.py",
                " and structure.finess_nature is FinessNature.JURIDIQUE:\n",
                ' and structure.finess_nature == "":\n',
            ),
        ),
    ),
    Mutant(
        "certificates.old-contract",
        "accepte un contrat plus ancien que le FINESS",
        ("certificates.steps.prerequisites",),
        (
            plugin(
                "ordering/steps.py",
                "        and state.contract_signed_on < structure.attributed_on\n",
                "        and state.contract_signed_on is None\n",
            ),
        ),
    ),
    Mutant(
        "certificates.never-late",
        "ne rappelle jamais une réponse en retard",
        ("certificates.steps.case",),
        (
            plugin(
                "ordering/guide.py",
                "        late=expected is not None and today > expected,\n",
                "        late=False,\n",
            ),
        ),
    ),
    Mutant(
        "certificates.no-box",
        "ne dit pas quelle case cocher",
        ("certificates.steps.form", "certificates.steps.boxes"),
        (
            plugin(
                "ordering/guide.py",
                'FormField(part="4.3", label="Case à cocher", value=BOX_WORDING[state.product.box])',
                'FormField(part="4.3", label="Case à cocher", value="")',
            ),
        ),
    ),
    Mutant(
        "certificates.mail-prefilled",
        "reprend du formulaire l’adresse de l’acteur",
        ("certificates.steps.mail",),
        (
            plugin(
                "leading.py",
                '    given.setdefault("csr", str(CsrCase.UPLOAD))\n',
                '    given.setdefault("csr", str(CsrCase.UPLOAD))\n'
                '    if not str(given.get("actor_mail", "")).strip() and state.administrator is not None:\n'
                '        given["actor_mail"] = state.administrator.mail\n',
            ),
        ),
    ),
    Mutant(
        "certificates.both-names-offered",
        "offre les deux noms d’INSi pour chaque usage",
        ("certificates.steps.name",),
        (
            plugin(
                "ordering/products.py",
                "    return (_INSI[service],) if service in _INSI else ()\n",
                "    return tuple(_INSI.values()) if service in _INSI else ()\n",
            ),
        ),
    ),
    Mutant(
        "certificates.other-hash",
        "signe la demande avec un autre procédé que SHA-256",
        ("certificates.steps.request",),
        (
            host(
                "keyring/making.py",
                "from cryptography.hazmat.primitives.hashes import SHA256\n",
                "from cryptography.hazmat.primitives.hashes import SHA512 as SHA256\n",
            ),
        ),
    ),
    Mutant(
        "certificates.not-again",
        "refuse une action déjà faite",
        ("certificates.steps.resumed", "certificates.killed.request"),
        (
            plugin(
                "ordering/repeating.py",
                "        case actions.ProductRequested():\n            return _same(\n",
                "        case actions.ProductRequested():\n            return state.request is None and _same(\n",
            ),
        ),
    ),
    Mutant(
        "certificates.half-started-over",
        "garde la demande quand elle recommence",
        ("certificates.steps.started-over",),
        (
            plugin(
                "ordering/obtaining.py",
                '    forgotten = {"request": None, "withdrawal": None, "answer": None}\n',
                '    forgotten = {"withdrawal": None, "answer": None}\n',
            ),
        ),
    ),
    Mutant(
        "certificates.between-administrators",
        "laisse commander pendant un changement d’administrateur",
        ("certificates.steps.administrator",),
        (
            plugin(
                "ordering/obtaining.py",
                '        return "certificates.order_change_pending"\n',
                '        return "certificates.order_requested" if state.request is not None else None\n',
            ),
        ),
    ),
    Mutant(
        "certificates.never-confirmed",
        "oublie que le nouveau certificat est confirmé",
        (
            "certificates.installing.served",
            "certificates.installing.renewed",
            "certificates.killed.install",
            "certificates.killed.renewal",
        ),
        (
            plugin(
                "ordering/obtaining.py",
                '    return state.model_copy(update={"confirmed_at": at})\n',
                "    return state\n",
            ),
        ),
    ),
    Mutant(
        "certificates.another-key-passes",
        "dit avoir installé le certificat d’une autre clé",
        ("certificates.installing.another-key", "certificates.steps.started-over"),
        (plugin("plugin.py", _INSTALLED, _swallowing('{"certificates.answer_key"}')),),
    ),
    Mutant(
        "certificates.another-structure",
        "installe le certificat d’une autre structure",
        ("certificates.installing.another-order",),
        (
            plugin(
                "ordering/answers.py",
                "    if not _of_structure(state, facts):\n",
                "    if not _of_structure(state, facts) and state.structure is None:\n",
            ),
        ),
    ),
    Mutant(
        "certificates.another-usage",
        "installe un certificat d’un autre usage",
        ("certificates.installing.another-order",),
        (
            plugin(
                "ordering/answers.py",
                "    if not facts.usages.allow(state.product.usage):\n",
                "    if facts.usages is None:\n",
            ),
            plugin(
                "installing.py",
                "        for code in misfits(came.facts, purpose):\n",
                '        for code in set(misfits(came.facts, purpose)) - {"certificates.usage_misfit"}:\n',
            ),
        ),
    ),
    Mutant(
        "certificates.reads-anything",
        "ne dit rien d’un fichier qui n’est pas un certificat",
        ("certificates.installing.readable",),
        (
            plugin(
                "plugin.py",
                _INSTALLED,
                _swallowing(
                    '{"certificates.broken", "certificates.truncated", "certificates.no_certificate",'
                    ' "certificates.unreadable"}'
                ),
            ),
        ),
    ),
    Mutant(
        "certificates.keeps-the-former",
        "garde l’ancienne clé après confirmation",
        ("certificates.installing.renewed", "certificates.killed.renewal"),
        (plugin("leading.py", "            ctx.keyring.retire(order.use)\n", "            pass\n"),),
    ),
    Mutant(
        "certificates.no-roll-back",
        "dit être revenu à l’ancien certificat",
        (
            "certificates.installing.rolled-back",
            "certificates.installing.over-a-file",
            "certificates.killed.renewal",
        ),
        (plugin("leading.py", "        ctx.keyring.take_back(state.product.use)\n", "        pass\n"),),
    ),
    Mutant(
        "certificates.back-to-the-ended",
        "revient à un certificat terminé",
        ("certificates.installing.no-way-back",),
        (
            plugin(
                "ordering/obtaining.py",
                "    if at > state.renews.not_after:\n",
                "    if at is None:\n",
            ),
        ),
    ),
    Mutant(
        "certificates.old-connections",
        "appelle par l’ancienne clé jusqu’au redémarrage",
        ("certificates.installing.over-a-file",),
        (
            host(
                "broker/keys.py",
                "for place, context in self._contexts.items() if place[0] != use}\n",
                "for place, context in self._contexts.items() if place is not use}\n",
            ),
        ),
    ),
)
