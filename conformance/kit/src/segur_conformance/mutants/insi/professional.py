"""Mutants that call in a professional's name otherwise."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant


def _plugin(file: str, before: str, after: str) -> Change:
    return Change("segur_plugin_insi", file, before, after)


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "insi.emitter-of-nobody",
        "Les contextes ne disent pas quel professionnel appelle.",
        ("insi.professional.card-signs", "insi.professional.psc-token"),
        (_plugin("callers.py", "emitter=professional.national_id", "emitter=None"),),
    ),
    Mutant(
        "insi.assertion-kept",
        "Toutes les assertions ont le même identifiant.",
        ("insi.professional.fresh-assertion",),
        (
            _plugin(
                "exchange.py",
                'professional_assertion(own, f"_{uuid4()}", now)',
                'professional_assertion(own, "_3f2504e0-4f89-41d3-9a0c-0305e82c3301", now)',
            ),
        ),
    ),
    Mutant(
        "insi.automatic-in-his-name",
        "Un traitement automatique appelle au nom de qui est connecté.",
        ("insi.professional.automatic-by-certificate",),
        (
            _plugin(
                "callers.py",
                "in_his_name = use == MANUAL and _is_national(ctx.session)",
                "in_his_name = _is_national(ctx.session)",
            ),
        ),
    ),
    Mutant(
        "insi.nobody-refused",
        "Sans session de professionnel, la recherche est refusée.",
        ("insi.professional.without-session",),
        (
            _plugin(
                "callers.py",
                "in_his_name = use == MANUAL and _is_national(ctx.session)",
                "in_his_name = use == MANUAL",
            ),
        ),
    ),
    Mutant(
        "insi.speciality-left-out",
        "La spécialité qui n’est pas réglée n’est pas exigée d’un médecin.",
        ("insi.professional.speciality",),
        (
            _plugin(
                "professionals.py",
                "        if not physician:",
                '        if not physician or self._said("code_specialite") is None:',
            ),
        ),
    ),
    Mutant(
        "insi.psc-as-by-card",
        "L’assertion par Pro Santé Connect a les attributs de celle par carte.",
        ("insi.professional.psc-token",),
        (_plugin("professionals.py", "by_psc(settings.psc_attributes)", "by_psc(settings.cps_attributes)"),),
    ),
)
