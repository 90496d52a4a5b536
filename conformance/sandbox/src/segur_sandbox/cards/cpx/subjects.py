"""Names the holder of a card in its certificates, as the published test cards do.

The last relative distinguished name has several attributes. The subject of a CPF is not public: OURS.
"""

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from segur_sandbox.cards.cpx.records import TYPE_CODES, CpxRecord, Holder
from segur_sandbox.pki.card_leaves import CardLeafRequest


def leaf_request(record: CpxRecord) -> CardLeafRequest:
    """Return what the certificates of `record` say."""
    holder = record.holder
    training = holder.card_type == "CPF"
    return CardLeafRequest(
        subject=_subject(holder),
        number=f"{record.full_number[:10]}/{record.serial}",
        card_type=TYPE_CODES[holder.card_type],
        profession=None if training else holder.profession,
        training=holder.profession if training else None,
        expired=record.expired,
    )


def _subject(holder: Holder) -> x509.Name:
    outer: tuple[tuple[ObjectIdentifier, str | None], ...]
    if holder.card_type == "CPA":
        outer = (
            (NameOID.ORGANIZATION_NAME, holder.organisation),
            (NameOID.LOCALITY_NAME, holder.place),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.unit),
        )
    else:
        outer = (
            (NameOID.STATE_OR_PROVINCE_NAME, holder.place),
            (NameOID.ORGANIZATION_NAME, holder.organisation),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.unit),
            (NameOID.TITLE, holder.title),
            (NameOID.PSEUDONYM, holder.pseudonym),
        )
    person = (
        (NameOID.COMMON_NAME, holder.identifier),
        (NameOID.SURNAME, holder.family_name),
        (NameOID.GIVEN_NAME, holder.given_name),
    )
    single = [
        x509.RelativeDistinguishedName([attribute]) for attribute in _present((NameOID.COUNTRY_NAME, "FR"), *outer)
    ]
    return x509.Name([*single, x509.RelativeDistinguishedName(_present(*person))])


def _present(*attributes: tuple[ObjectIdentifier, str | None]) -> list[x509.NameAttribute[str]]:
    return [x509.NameAttribute(oid, value) for oid, value in attributes if value is not None]
