"""Where a validated document goes by regulation, and what leaves by itself: the dated tables of the SDK."""

from segur_plugin_dmp.notices import notice
from segur_sdk.documents import channels_for, kind_for_label, kinds, shown
from segur_sdk.hooks.document_validated import DocumentRouting, DocumentValidatedEvent
from segur_sdk.models.channels import Channel, ProposedChannel


def propose(event: DocumentValidatedEvent) -> DocumentRouting:
    """Return the channels of a document; what is unknown is shown with a notice, never dropped.

    Args:
        event: the document by its kind and day.
    """
    label = kind_for_label(event.label or "")
    document_type = event.document_type or next(iter(label.types), None)
    if document_type is None:
        return DocumentRouting(
            shown=event.label or "?", notices=(notice("dmp.no_way" if label.known else "dmp.kind_unknown"),)
        )
    name = shown(document_type, event.label)
    if document_type not in kinds():
        return DocumentRouting(document_type=document_type, shown=name, notices=(notice("dmp.kind_unknown"),))
    channels = channels_for(document_type, event.document_date, event.circumstances)
    if label.sensitive:
        channels = tuple(_held(one) for one in channels)
    if not label.known or label.dmp:
        return DocumentRouting(document_type=document_type, shown=name, channels=channels)
    others = tuple(one for one in channels if one.channel is not Channel.DMP)
    return DocumentRouting(document_type=document_type, shown=name, channels=others, notices=(notice("dmp.no_way"),))


def _held(channel: ProposedChannel) -> ProposedChannel:
    return channel.model_copy(update={"held": True, "automatic": False})
