"""Mutants of what goes on after a kill."""

from typing import Final

from segur_conformance.mutants.certificates.places import host, plugin
from segur_conformance.mutants.mutant import Mutant

_REPLACED: Final = "        _write(temporary, content)\n        temporary.replace(path)\n"

MUTANTS: Final = (
    Mutant(
        "certificates.kept-in-memory",
        "n’écrit ce qui prépare une commande qu’à l’envoi du formulaire",
        ("certificates.killed.steps",),
        (
            plugin(
                "orders.py",
                "RETENTION: Final = timedelta(days=1461)\n",
                "_LATE: dict[str, bytes] = {}\nRETENTION: Final = timedelta(days=1461)\n",
            ),
            plugin(
                "orders.py",
                "        content = self._ctx.store.get(_place(use))\n",
                "        content = self._ctx.store.get(_place(use))\n"
                "        late = _LATE.get(use) if content is not None else _LATE.pop(use, None) and None\n"
                "        content = late or content\n",
            ),
            plugin(
                "orders.py",
                "        if self._ctx.store.get(_place(order.use)) != order.written:\n",
                "        if order.written not in {self._ctx.store.get(_place(order.use)), _LATE.get(order.use)}:\n",
            ),
            plugin(
                "orders.py",
                "        self._ctx.store.put(_place(order.use), content)\n",
                "        if order.written is None or state.sent_on is not None:\n"
                "            _LATE.pop(order.use, None)\n"
                "            self._ctx.store.put(_place(order.use), content)\n"
                "        else:\n"
                "            _LATE[order.use] = content\n",
            ),
        ),
    ),
    Mutant(
        "certificates.two-keys-after-a-kill",
        "fait une autre clé quand la première n’était pas encore nommée",
        ("certificates.killed.request",),
        (
            host(
                "keyring/kept_keys.py",
                "                standing = standing.claimed(left) if left else standing.with_new(",
                "                standing = standing.claimed(left) if not use else standing.with_new(",
            ),
        ),
    ),
    Mutant(
        "certificates.not-to-be-installed-again",
        "refuse un certificat qu’une coupure a laissé à moitié installé",
        ("certificates.killed.install", "certificates.killed.renewal", "certificates.installing.rolled-back"),
        (
            plugin(
                "ordering/repeating.py",
                "            return state.answer is not None and state.answer.fingerprint == fingerprint\n",
                '            return state.answer is not None and state.answer.fingerprint == ""\n',
            ),
        ),
    ),
    Mutant(
        "certificates.replaced-in-two-times",
        "efface ce qui dit quelle clé sert avant de le réécrire",
        ("certificates.killed.renewal",),
        (
            host(
                "keyring/durable.py",
                _REPLACED,
                _REPLACED.replace(
                    "        temporary.replace", "        path.unlink(missing_ok=True)\n        temporary.replace"
                ),
            ),
        ),
    ),
)
