"""Mutants of the plugin ``insi`` for the profile ``package``, and honest variants of both reference plugins."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant, Variant
from segur_conformance.mutants.package import declarations, going_round, in_process, jobs
from segur_conformance.mutants.package.insertions import while_answering, while_imported, with_jobs

MUTANTS: Final[tuple[Mutant, ...]] = (*declarations.MUTANTS, *in_process.MUTANTS, *going_round.MUTANTS, *jobs.MUTANTS)

VARIANTS: Final[tuple[Variant, ...]] = (
    Variant("package.by-traits", "n’interroge que par les traits", settings={"insi": {"vitale_assertion": "none"}}),
    Variant("package.patient", "recommence deux fois", settings={"insi": {"retries": 2}}),
    Variant("package.hasty", "ne recommence jamais", settings={"insi": {"retries": 0}, "vitale": {"tries": 1}}),
    Variant(
        "package.narrow-window",
        "n’annonce que le SDK d’aujourd’hui",
        (Change("segur_plugin_insi", "segur_plugin.toml", 'sdk = ">=0.1,<2"', 'sdk = ">=0.1,<1"'),),
    ),
    Variant(
        "package.quiet-journal",
        "tient un journal que personne n’écoute, et lit ses propres textes à l’import",
        (
            while_imported(
                "import logging\nfrom importlib.resources import files\n"
                "logging.getLogger(__name__).addHandler(logging.NullHandler())\n"
                "TEXTS = files('segur_plugin_insi').joinpath('messages_fr.toml').read_text('utf-8')"
            ),
            while_answering("import logging\nlogging.getLogger(__name__).info('appel')"),
        ),
    ),
    Variant(
        "package.with-jobs",
        "fait régulièrement deux tâches, et en rend compte",
        with_jobs(
            "from segur_sdk.models.notice import Notice\ntold = Notice(code='insi.done', text='Fait.')",
            "notices=(told,)",
        ),
    ),
    Variant(
        "package.counts",
        "compte ses appels sans rien en retenir, et le note dans l’audit",
        (
            while_answering(
                "self.__dict__['calls'] = self.__dict__.get('calls', 0) + 1\nctx.audit.note('call', calls=1)"
            ),
        ),
    ),
)
