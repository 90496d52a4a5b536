"""Where a misbehaviour is put into the plugin ``insi``, which otherwise answers as it should."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant

PACKAGE: Final = "segur_plugin_insi"
_ANSWER: Final = "        return Qualification(event, ctx).evidence()\n"
_CLASS: Final = "class InsiPlugin(SegurHooks):\n"

_SERVICE: Final = "    def search_by_traits(self, query: TraitsQuery, ctx: HookContext) -> InsAnswer:\n"
_DATA: Final = "[data]\n"
_JOBS: Final = """\
[[jobs]]
name = "veille"
every_minutes = 60
deadline_s = 20

[[jobs]]
name = "menage"
every_minutes = 1440
deadline_s = 20

"""
_RUN_JOB: Final = """\
    def run_job(self, run, ctx):
        from segur_sdk.errors import InputError, ServiceError
        from segur_sdk.jobs import JobDone
        if run.job not in {{"veille", "menage"}}:
            raise InputError("input.job_unknown")
{code}        reply = ctx.http("insi-auto").request("GET")
        ctx.audit.note("job", status=reply.status)
        return JobDone({telling})

"""

FIND_THE_CONFIGURATION: Final = """\
import gc
from urllib.parse import urlsplit
config = next(one for one in gc.get_objects() if type(one).__name__ == "HostConfig")
place = urlsplit(config.network["insi-manu"].url)
"""
"""What any code of a process can find out about the others."""
FIND_THE_HOST: Final = """\
import gc
from contextlib import suppress
from segur_sdk.errors import SegurError
host = next(one for one in gc.get_objects() if type(one).__name__ == "WatchedHost")
"""
FIND_THE_NAME: Final = """\
subject = event.subject
nom = getattr(getattr(subject, "traits", None), "nom_naissance", "")
"""


def while_answering(code: str) -> Change:
    """Return the change that runs ``code`` before each answer."""
    return Change(PACKAGE, "plugin.py", _ANSWER, _indented(code) + _ANSWER)


def instead_of_answering(code: str) -> Change:
    """Return the change that runs ``code``, which returns the answer."""
    return Change(PACKAGE, "plugin.py", _ANSWER, _indented(code))


def while_imported(code: str) -> Change:
    """Return the change that runs ``code`` when the plugin is imported."""
    return Change(PACKAGE, "plugin.py", _CLASS, f"{code}\n\n{_CLASS}")


def with_jobs(code: str = "", telling: str = "") -> tuple[Change, ...]:
    """Return the changes that give the plugin two jobs, which ask its service something.

    Args:
        code: is run at each of them before that.
        telling: notices, as arguments of ``JobDone``.
    """
    run_job = _RUN_JOB.format(code=_indented(code), telling=telling)
    return (
        Change(PACKAGE, "segur_plugin.toml", _DATA, _JOBS + _DATA),
        Change(PACKAGE, "plugin.py", _SERVICE, run_job + _SERVICE),
    )


def package_mutant(name: str, breaks: str, change: Change, *expected: str) -> Mutant:
    """Return a mutant of this profile, whose checks are named without ``package.``."""
    return Mutant(f"package.{name}", breaks, tuple(f"package.{one}" for one in expected), (change,))


def _indented(code: str) -> str:
    return "".join(f"        {line}\n" if line else "\n" for line in code.splitlines())
