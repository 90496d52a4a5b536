"""One way to show a JSON schema: a table of fields, with form, default and meaning."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docs.reference_pages.markdown import code, table

Schema = Mapping[str, Any]
Link = Callable[[str], str]
"""What is shown for a model, by its name."""
_PLAIN = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "null": "nothing"}
_FORMATS = {"date": "date", "date-time": "instant", "path": "path", "binary": "bytes"}
_BOUNDS = (("minimum", "≥ {}"), ("exclusiveMinimum", "> {}"), ("maximum", "≤ {}"), ("exclusiveMaximum", "< {}"))


def to_its_section(name: str) -> str:
    """Return a link to the section that bears the name of a model."""
    return f"[{name}](#{name.lower()})"


def type_text(schema: Schema, link: Link = to_its_section) -> str:
    """Return what a value is: a word, a link to the section of a model, or a composition of them."""
    if "$ref" in schema:
        return link(str(schema["$ref"]).rpartition("/")[2])
    if "const" in schema:
        return code(json.dumps(schema["const"], ensure_ascii=False))
    if "enum" in schema:
        return ", ".join(code(one) for one in schema["enum"])
    for composition in ("anyOf", "oneOf"):
        if composition in schema:
            return " or ".join(dict.fromkeys(type_text(one, link) for one in schema[composition]))
    if "allOf" in schema:
        return type_text(schema["allOf"][0], link)
    if schema.get("type") == "array":
        kind = "set" if schema.get("uniqueItems") else "list"
        return f"{kind} of {type_text(schema.get('items', {}), link)}"
    if schema.get("type") == "object":
        values = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
        return f"table of {type_text(values, link)}" if isinstance(values, Mapping) and values else "table"
    return _FORMATS.get(str(schema.get("format")), _PLAIN.get(str(schema.get("type")), "any value"))


def form_text(schema: Schema) -> str:
    """Return what a value must look like beyond its type."""
    return "; ".join(dict.fromkeys(_forms(schema)))


def _forms(schema: Schema) -> Iterator[str]:
    if "pattern" in schema:
        yield code(schema["pattern"])
    low, high = schema.get("minLength"), schema.get("maxLength")
    if low is not None or high is not None:
        yield f"{low or 0} to {high} characters" if high is not None else f"at least {low} characters"
    few, many = schema.get("minItems"), schema.get("maxItems")
    if few is not None or many is not None:
        yield f"{few or 0} to {many} items" if many is not None else f"at least {few} items"
    for key, words in _BOUNDS:
        if key in schema:
            yield words.format(f"{schema[key]:g}")
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _forms(one)
    if isinstance(schema.get("items"), Mapping):
        yield from (f"each {form}" for form in _forms(schema["items"]))


def default_text(schema: Schema, *, required: bool) -> str:
    """Return the default of a field, or that it is required."""
    if required:
        return "required"
    default = schema.get("default")
    if default in (None, []) or isinstance(default, Mapping):
        return ""
    return code(json.dumps(default, ensure_ascii=False))


def is_patient_data(schema: Any) -> bool:
    """Tell whether a property, however deep but in this model, is marked as patient data."""
    if isinstance(schema, Mapping):
        return bool(schema.get("x-patient-data")) or any(map(is_patient_data, schema.values()))
    return any(map(is_patient_data, schema)) if isinstance(schema, list) else False


def fields_table(
    model: Schema, texts: Mapping[str, str], *, link: Link = to_its_section, with_patient: bool = False
) -> str:
    """Return the table of a model's fields.

    Args:
        model: its JSON schema.
        texts: meaning of each field, where the schema has none.
        link: what is shown for a model.
        with_patient: add the column that tells patient data.
    """
    required = set(model.get("required", ()))
    head = ["Field", "Type", "Form", "Default", *(["Patient data"] if with_patient else []), "Meaning"]
    rows = [
        [
            code(name),
            type_text(schema, link),
            form_text(schema),
            default_text(schema, required=name in required),
            *([("yes" if is_patient_data(schema) else "")] if with_patient else []),
            str(schema.get("description", texts.get(name, ""))),
        ]
        for name, schema in model.get("properties", {}).items()
    ]
    return table(head, rows) if rows else "No field.\n"
