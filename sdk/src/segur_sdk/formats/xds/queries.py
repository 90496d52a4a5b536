"""Questions to the registry: ``AdhocQueryRequest`` of ITI-18.

Source: IHE ITI TF-2a 3.18.4.1.2.3: texts in single quotes, lists in parentheses.
"""

from collections.abc import Iterable, Mapping

from segur_sdk.formats.xds.schemes import QUERY, RIM, EntryStatus, ReturnType, StoredQuery
from segur_sdk.formats.xds.writing import slot
from segur_sdk.formats.xml_writer import Xml, node


def adhoc_query_request(
    query: StoredQuery, parameters: Mapping[str, str], *, returns: ReturnType = ReturnType.LEAF_CLASS
) -> Xml:
    """Return a stored query.

    Args:
        query: which one.
        parameters: values by name (``$XDSDocumentEntryPatientId``), each as :func:`quoted` or :func:`listed` wrote it.
        returns: metadata, or identifiers alone.

    Returns:
        ``query:AdhocQueryRequest`` with all its namespaces.
    """
    return node(
        "query:AdhocQueryRequest",
        node("query:ResponseOption", attributes={"returnComposedObjects": "true", "returnType": returns}),
        node("rim:AdhocQuery", *(slot(name, value) for name, value in parameters.items()), attributes={"id": query}),
        attributes={"xmlns:query": QUERY, "xmlns:rim": RIM},
    )


def quoted(text: str) -> str:
    """Return a text as a parameter holds it."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Return several texts as a parameter that takes a list holds them."""
    return f"({','.join(map(quoted, texts))})"


def get_documents(unique_ids: Iterable[str], *, returns: ReturnType = ReturnType.LEAF_CLASS) -> Xml:
    """Ask for documents by the unique ids that their producer gave them (``GetDocuments``)."""
    return adhoc_query_request(
        StoredQuery.GET_DOCUMENTS, {"$XDSDocumentEntryUniqueId": listed(unique_ids)}, returns=returns
    )


def find_documents(
    patient_id: str,
    *,
    unique_ids: Iterable[str] = (),
    statuses: Iterable[EntryStatus] = (EntryStatus.APPROVED,),
    returns: ReturnType = ReturnType.LEAF_CLASS,
) -> Xml:
    """Ask for the documents of a patient (``FindDocuments``).

    Args:
        patient_id: CX of his INS.
        unique_ids: only these documents. IHE gives this query no such parameter: whether the DMP takes it is not known.
        statuses: of the entries that are returned.
        returns: metadata, or identifiers alone.
    """
    parameters = {
        "$XDSDocumentEntryPatientId": quoted(patient_id),
        "$XDSDocumentEntryStatus": listed(map(str, statuses)),
    }
    if wanted := tuple(unique_ids):
        parameters["$XDSDocumentEntryUniqueId"] = listed(wanted)
    return adhoc_query_request(StoredQuery.FIND_DOCUMENTS, parameters, returns=returns)
