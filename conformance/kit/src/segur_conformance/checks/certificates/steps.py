"""Ordering, step by step: what comes first, what is asked, what is refused, and that nothing is lost on the way."""

import shutil
import subprocess
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_conformance.checks.certificates.acts import (
    CASE,
    INSI_PRODUCT,
    MAILBOX,
    SIGNATORY,
    STRUCTURE,
    Act,
    Step,
    days_ago,
    to_the_platform,
    today,
)
from segur_conformance.checks.certificates.judging import expect_refused
from segur_conformance.checks.certificates.orders import PLATFORM, REQUEST, SIGNATURE, SUBMISSION, Order
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

_LATER: Final[tuple[Step, ...]] = (
    (Act.FORM_SENT, {"on": "2026-01-05"}),
    (Act.ACKNOWLEDGED, {"case_number": CASE}),
    (Act.GRANTED, {"on": "2026-01-06"}),
    (Act.PRODUCT_REQUESTED, {"name": "INSI-AUTO", "actor_mail": MAILBOX, "csr": "upload"}),
    (Act.WITHDRAWN, {"on": "2026-01-06", "terms_accepted": True}),
    (Act.CONFIRMED, {}),
)
MIN_BITS: Final = 2048
_FILM: Final = "l’assistant de commande, étape par étape"


@checks(
    "certificates.steps.in-order",
    "S003-04",
    purpose="Une étape sautée fait refuser la commande des jours plus tard.",
    steps=(
        "commencer une commande, tenter les étapes plus avancées",
        "préparer la commande sauf une étape, tenter l’envoi du formulaire",
    ),
    expected="chaque étape prématurée est refusée avec la raison, et la commande reste où elle est",
    mend="n’accepter une action que dans l’état qui la permet",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def in_order(bench: Bench) -> None:
    """What is premature is refused, and changes nothing."""
    order = Order.begun(bench)
    before = order.stands
    expect_equal(before["step"], 1, "première étape")
    for kind, fields in _LATER:
        expect(kind not in before["possible"], f"{kind} est offert à l’étape 1")
        expect_refused(order.tries(kind, **fields), f"{kind}, à l’étape 1")
    expect_equal(order.stands, before, "commande après des actions refusées")
    order.leads_to(SIGNATURE)
    expect_refused(order.tries(Act.FORM_SENT, on=today()), "envoi d’un formulaire sans signataire")
    order.does(Act.SIGNATORY_NAMED, signatory=SIGNATORY)
    expect_equal(order.does(Act.FORM_SENT, on=today())["step"], SUBMISSION, "étape après l’envoi")
    expect_refused(order.tries(Act.PRODUCT_REQUESTED, **order.product()), "demande avant l’habilitation")


@checks(
    "certificates.steps.prerequisites",
    "S003-02",
    "S003-03",
    "S003-04",
    purpose="Contrat trop ancien, FINESS juridique, carte absente : autant de commandes refusées.",
    steps=(
        "signer un contrat plus ancien que le FINESS ; n’avoir que commandé la carte du directeur",
        "désigner la structure par son FINESS juridique, ne pas dire lequel c’est, ne pas dater le FINESS",
    ),
    expected="l’étape reste ouverte et dit ce qui manque ; le FINESS juridique est refusé",
    mend="comparer les dates ; demander la nature du FINESS, jamais la deviner",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def prerequisites(bench: Bench) -> None:
    """Contract, FINESS and the director's card."""
    order = Order.begun(bench)
    order.does(Act.CONTRACT_SIGNED, on="2014-06-01")
    juridique = {**STRUCTURE, "finess_nature": "juridique"}
    expect_refused(order.tries(Act.STRUCTURE_NAMED, structure=juridique), "FINESS juridique")
    order.does(Act.STRUCTURE_NAMED, structure={**STRUCTURE, "finess_nature": None})
    old = order.does(Act.DIRECTOR_CARD, card="held")
    expect_equal(old["step"], 1, "étape, contrat non daté du FINESS")
    missing = _missing_at(order, Act.CONTRACT_SIGNED, on="2021-03-01")
    expect_equal(missing[0], 2, "étape, nature du FINESS inconnue")
    order.does(Act.STRUCTURE_NAMED, structure=STRUCTURE)
    again = order.does(Act.CONTRACT_SIGNED, on="2014-06-01")
    expect_equal(again["step"], 1, "étape, contrat plus ancien que le FINESS")
    order.does(Act.CONTRACT_SIGNED, on="2021-03-01")
    step, texts = _missing_at(order, Act.DIRECTOR_CARD, card="ordered")
    expect_equal(step, 1, "étape, carte du directeur seulement commandée")
    expect(all(texts), "ce qui manque n’est pas dit")
    expect_equal(order.does(Act.DIRECTOR_CARD, card="held")["step"], 3, "étape, contrat et FINESS en ordre")


@checks(
    "certificates.steps.case",
    "S003-11",
    purpose="Le numéro de dossier et le délai de trois jours ouvrés disent quand relancer l’agence.",
    steps=("envoyer le formulaire aujourd’hui, puis dans une autre commande il y a dix jours", "noter le dossier"),
    expected="le numéro est gardé ; la réponse est attendue sous trois jours ouvrés ; dix jours après, c’est en retard",
    mend="compter lundi à vendredi sans les jours fériés",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def case(bench: Bench) -> None:
    """Three working days, then a reminder."""
    for sent, late in ((today(), False), (days_ago(10), True)):
        order = Order.begun(bench)
        order.leads_to(SUBMISSION)
        order.does(Act.FORM_SENT, on=sent)
        found = order.does(Act.ACKNOWLEDGED, case_number=CASE)
        expect_equal(found["case_number"], CASE, "numéro de dossier")
        expect(found["expected_on"] and found["expected_on"] > sent, "la réponse n’est attendue à aucune date")
        expect_equal(found["late"], late, f"retard d’un formulaire envoyé le {sent}")


@checks(
    "certificates.steps.form",
    "S003-08",
    "S003-09",
    purpose="Le formulaire F413 se remplit une fois, avec la bonne case : elle vaut pour INSi et pour le DMP.",
    steps=("préparer une commande pour INSi, puis une pour la signature du DMP", "lire ce qu’il faut écrire"),
    expected="les mêmes champs et la même case ORG, avec la structure, le signataire et l’administrateur",
    mend="rendre les champs des parties 3.1, 3.2, 4 et 4.3",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def form(bench: Bench) -> None:
    """What to write, and which box to tick."""
    forms = []
    for use, usage, service in (("insi-auto", "AUTH_CLI", "insi-auto"), ("dmp-sign", "SIGN", "dmp")):
        order = Order.begun(bench, product={"box": "org", "usage": usage, "service": service}, use=use)
        order.leads_to(SUBMISSION)
        forms.append({(one["part"], one["label"]): one["value"] for one in order.stands["form"]})
    expect_equal(forms[0], forms[1], "formulaire pour INSi, et pour le DMP")
    values = set(forms[0].values())
    for what, value in {
        "numéro de la structure": STRUCTURE["number"],
        "nom de la structure": STRUCTURE["name"],
        "adresse": MAILBOX,
    }.items():
        expect(value in values, f"le formulaire ne dit pas : {what}")
    boxes = [value for (part, _), value in forms[0].items() if part == "4.3"]
    expect(boxes and boxes[0].startswith("ORG"), f"case de la partie 4.3 : {boxes}")


@checks(
    "certificates.steps.mail",
    "S003-16",
    purpose="L’adresse de l’acteur reçoit les avis de fin : vide ou reprise d’ailleurs, personne n’est prévenu.",
    steps=("demander le produit sans adresse, avec une adresse vide, puis mal formée", "la donner"),
    expected="les trois sont refusées ; rien n’est prérempli ; la bonne est acceptée, la seconde est facultative",
    mend="exiger actor_mail à chaque demande",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def mail(bench: Bench) -> None:
    """Typed each time."""
    order = Order.habilitated(bench)
    whole = order.product()
    without = {name: value for name, value in whole.items() if name != "actor_mail"}
    expect_refused(order.tries(Act.PRODUCT_REQUESTED, **without), "demande sans adresse de l’acteur")
    for address in ("", "   ", "pas une adresse"):
        refused = order.tries(Act.PRODUCT_REQUESTED, **{**whole, "actor_mail": address})
        expect_refused(refused, f"adresse de l’acteur « {address} »")
    expect_equal(order.does(Act.PRODUCT_REQUESTED, **whole)["step"], 10, "étape après la demande")


@checks(
    "certificates.steps.name",
    "S003-13",
    "S003-14",
    "S003-15",
    purpose="Un certificat mal nommé est à refaire ; le nom se vérifie avant la demande.",
    steps=(
        "demander pour INSi des noms presque justes, et l’autre des deux noms",
        "demander pour un autre service un nom libre, puis un nom réservé à INSi",
    ),
    expected="pour INSi, le nom de cet usage et lui seul ; ailleurs le nom est libre, sauf les deux réservés",
    mend="n’offrir que le nom prescrit, et le comparer à la lettre",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def name(bench: Bench) -> None:
    """Two reserved names; otherwise a free label."""
    order = Order.habilitated(bench)
    expect_equal(order.stands["names"], ["INSI-AUTO"], "noms offerts pour INSi")
    for wrong in ("insi-auto", "INSI AUTO", "INSI\u2011AUTO", "INSI-MANU", "LGO"):
        expect_refused(order.tries(Act.PRODUCT_REQUESTED, **order.product(name=wrong)), f"nom « {wrong} » pour INSi")
    order.does(Act.PRODUCT_REQUESTED, **order.product())
    other = Order.habilitated(bench, product={**INSI_PRODUCT, "service": "other"}, use="essai", name="Proxy DMP")
    expect_equal(other.stands["names"], [], "noms offerts pour un autre service")
    for wrong in ("", "INSI-MANU"):
        expect_refused(other.tries(Act.PRODUCT_REQUESTED, **other.product(name=wrong)), f"nom « {wrong} » ailleurs")
    other.does(Act.PRODUCT_REQUESTED, **other.product())


@checks(
    "certificates.steps.request",
    "CERT-13",
    "CERT-11",
    "S003-17",
    purpose="La demande (CSR) part avec la seule clé publique ; faible ou mal signée, la plateforme la refuse.",
    steps=("demander le produit, lire la demande deux fois", "la vérifier avec OpenSSL"),
    expected="RSA de 2048 bits au moins, SHA-256, signée par sa clé, sans rien de privé ; la même à chaque lecture",
    mend="faire faire la clé par l’hôte (ctx.keyring.new_key)",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def request(bench: Bench) -> None:
    """RSA, SHA-256, signed by its own key, and nothing private."""
    order = Order.requested(bench)
    text = order.csr
    expect_equal(order.csr, text, "demande, à la seconde lecture")
    expect("PRIVATE" not in text, "la demande contient une clé privée")
    found = x509.load_pem_x509_csr(text.encode())
    public, algorithm = found.public_key(), found.signature_hash_algorithm
    bits = public.key_size if isinstance(public, rsa.RSAPublicKey) else 0
    expect(bits >= MIN_BITS, f"clé de la demande : {bits} bits RSA, {MIN_BITS} attendus")
    expect(algorithm is not None and algorithm.name == "sha256", "la demande n’est pas signée avec SHA-256")
    expect(found.is_signature_valid, "la demande n’est pas signée par sa propre clé")
    if (openssl := shutil.which("openssl")) is not None:
        verified = subprocess.run(
            [openssl, "req", "-verify", "-noout"], input=text.encode(), capture_output=True, check=False
        )
        expect_equal(verified.returncode, 0, "jugement d’OpenSSL sur la demande")


@checks(
    "certificates.steps.resumed",
    "KIT-CERT-02",
    "S003-11",
    purpose="Une commande dure des semaines : fermer le logiciel n’en perd rien.",
    steps=(
        "mener une commande, en rouvrant un hôte sur les mêmes données après chaque étape",
        "refaire la dernière action, comme après une coupure",
    ),
    expected="à chaque fois l’étape, les champs, la demande (CSR) et la clé sont ceux d’avant",
    mend="garder l’état après chaque action ; la même action deux fois ne change rien",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def resumed(bench: Bench) -> None:
    """Another host on the same data goes on."""
    order = Order.begun(bench)
    actions: list[Step] = [*to_the_platform(), (Act.PRODUCT_REQUESTED, order.product())]
    for rank, (kind, fields) in enumerate(actions):
        found = order.does(kind, **fields)
        if rank % 4 == 0 or kind is Act.PRODUCT_REQUESTED:
            order.subject.ask("open_again")
            expect_equal(order.stands, found, f"commande dans un hôte rouvert, après {kind}")
            expect_equal(order.does(kind, **fields), found, f"commande après {kind} une seconde fois")


@checks(
    "certificates.steps.started-over",
    "KIT-CERT-01",
    purpose="Mot de passe ou clé perdus : la demande recommence avec une autre clé, et l’ancienne ne revient jamais.",
    steps=(
        "demander, puis recommencer la demande",
        "installer un certificat de la clé abandonnée, puis de la nouvelle",
    ),
    expected="une autre demande (CSR), d’une autre clé ; seul le certificat de la nouvelle est accepté",
    mend="détruire la clé abandonnée et retenir son empreinte",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def started_over(bench: Bench) -> None:
    """Another key, and never the former one again."""
    order = Order.requested(bench)
    lost = order.csr
    abandoned = order.certified()
    found = order.does(Act.STARTED_OVER, reason="key_lost")
    expect_equal(found["step"], REQUEST, "étape d’une demande recommencée")
    order.does(Act.PRODUCT_REQUESTED, **order.product())
    expect(order.csr != lost, "la demande recommencée est la même")
    order.does(Act.WITHDRAWN, **order.withdrawal())
    expect_refused(order.gives(abandoned), "certificat de la clé abandonnée")
    order.installs(order.certified())


@checks(
    "certificates.steps.administrator",
    "KIT-CERT-03",
    "S003-23",
    purpose="Quand l’administrateur technique change (F503), rien ne se commande au nom de l’ancien.",
    steps=(
        "annoncer le changement, tenter la demande du produit",
        "noter qu’il a pris effet, reconnecter le nouvel administrateur, demander",
    ),
    expected="la demande est refusée tant que le changement est en cours, acceptée ensuite",
    mend="suspendre la commande entre l’envoi du F503 et sa confirmation",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def administrator(bench: Bench) -> None:
    """Nothing is ordered between two administrators."""
    order = Order.habilitated(bench)
    new = {"name": "suppléant", "mail": "suppleant@pharmacie.invalid", "card": "CPS", "card_active": True}
    order.does(Act.ADMINISTRATOR_CHANGE_SENT, new=new, on=today())
    expect_refused(order.tries(Act.PRODUCT_REQUESTED, **order.product()), "demande pendant un changement")
    expect_equal(order.does(Act.ADMINISTRATOR_CHANGE_DONE)["step"], PLATFORM, "étape après le changement")
    expect_refused(order.tries(Act.PRODUCT_REQUESTED, **order.product()), "demande sans connexion du nouveau")
    order.does(Act.PLATFORM_ENTERED, means="e-cps")
    order.does(Act.PRODUCT_REQUESTED, **order.product())


def _missing_at(order: Order, kind: Act, **fields: Any) -> tuple[int, list[str]]:
    found = order.does(kind, **fields)
    return found["step"], [one["text"] for one in found["missing"]]
