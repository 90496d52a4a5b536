"""Mutants of sessions: whose they are, how long they last, what is left when Pro Santé Connect is away."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc.places import host, plugin

_ASKED: Final = "            known = self._known[issuer] = _Known(discover(address, settings, ctx), now)\n"
_EXCHANGED: Final = "    reply = post_form(endpoint, form, ctx)\n    if reply.status != _OK:\n"

MUTANTS: Final = (
    Mutant(
        "psc.sulks",
        "se souvient d’une panne quand elle est finie",
        ("psc.availability.away",),
        (
            plugin(
                "authority.py",
                _ASKED,
                '            gone = self.__dict__.setdefault("gone", [])\n'
                "            if gone:\n                raise gone[0]\n"
                "            try:\n    " + _ASKED + "            except Exception as failure:\n"
                "                gone.append(failure)\n                raise\n",
            ),
        ),
    ),
    Mutant(
        "psc.asks-for-everybody",
        "interroge Pro Santé Connect à l’ouverture de toute session",
        ("psc.availability.local",),
        (
            plugin(
                "plugin.py",
                "        return contribute(event)\n",
                "        self._authority.provider(ctx)\n        return contribute(event)\n",
            ),
        ),
    ),
    Mutant(
        "psc.sleeps",
        "attend un service lent au-delà de l’échéance",
        ("psc.availability.slow",),
        (
            plugin(
                "exchanges.py",
                "        failed = failure\n",
                "        failed = failure\n"
                '        if failure.code == "service.timed_out":\n'
                '            __import__("time").sleep(3)\n',
            ),
        ),
    ),
    Mutant(
        "psc.tries-again",
        "renvoie un code dont l’échange a pu aboutir",
        ("psc.availability.one-try",),
        (
            plugin(
                "authorization.py",
                _EXCHANGED,
                "    try:\n        reply = post_form(endpoint, form, ctx)\n"
                "    except Exception:\n        reply = post_form(endpoint, form, ctx)\n    if reply.status != _OK:\n",
            ),
        ),
    ),
    Mutant(
        "psc.number-for-name",
        "met l’identifiant national à la place du nom",
        ("psc.session.opens", "psc.userinfo.rpps"),
        (
            plugin(
                "signing_in.py",
                "        name=(names or who.text)[:_MAX_NAME],\n",
                "        name=(who.text or names)[:_MAX_NAME],\n",
            ),
        ),
    ),
    Mutant(
        "psc.nobody-known",
        "n’a pas le RPPS du professionnel dans sa session",
        ("psc.session.opens", "psc.session.named", "psc.session.account", "psc.userinfo.rpps"),
        (plugin("signing_in.py", "        rpps=who.rpps,\n", "        rpps=None,\n"),),
    ),
    Mutant(
        "psc.twelve-hours",
        "laisse durer une session douze heures",
        ("psc.session.longest",),
        (plugin("settings.py", "        default=14_400,\n", "        default=43_200,\n"),),
    ),
    Mutant(
        "psc.counts-from-now",
        "compte la durée d’une session depuis son ouverture ici",
        ("psc.session.longest",),
        (
            plugin(
                "signing_in.py",
                "    return (began if began is not None and now - longest < began < now else now) + longest\n",
                "    return (began if began is None else now) + longest\n",
            ),
        ),
    ),
    Mutant(
        "psc.never-idle",
        "ne dit pas jusqu’à quand les jetons se renouvellent",
        ("psc.session.idle",),
        (
            plugin(
                "grants.py",
                "        if self.refresh_token is not None:\n",
                "        if self.refresh_token is None:\n",
            ),
        ),
    ),
    Mutant(
        "psc.first-session",
        "fait dans la première session un appel qui n’en nomme aucune",
        ("psc.session.named",),
        (
            host(
                "sessions/open_sessions.py",
                "        if len(known) > 1:\n",
                "        if len(known) > 100:\n",
            ),
        ),
    ),
    Mutant(
        "psc.silent-account",
        "ouvre une session à qui n’a pas de compte",
        ("psc.session.account",),
        (
            host(
                "operators/desk.py",
                "        if account is None and self._required:\n",
                "        if account is None and self._required and proven.rpps is None:\n",
            ),
        ),
    ),
    Mutant(
        "psc.not-acknowledged",
        "appelle un service national au nom de qui ne sait pas que son identifiant part",
        ("psc.session.acknowledged",),
        (
            host(
                "dispatch/context.py",
                " and NATIONAL not in session.rights and not self._manifest.session_means:\n",
                " and NATIONAL not in session.rights and not self._manifest.id:\n",
            ),
        ),
    ),
    Mutant(
        "psc.accounts-only",
        "ne dit la transmission de l’identifiant qu’à qui a un compte ici",
        ("psc.session.acknowledged",),
        (
            host(
                "operators/desk.py",
                "        if identifier is None or self._acknowledgements.has(identifier):\n",
                "        if identifier is None or account is None or self._acknowledgements.has(identifier):\n",
            ),
        ),
    ),
)
