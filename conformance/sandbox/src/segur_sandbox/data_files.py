"""Reads the JSON files that a tester may put into the data folder."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from segur_sandbox.errors import DataFileError

_Model = TypeVar("_Model", bound=BaseModel)


def read_data_file(content: bytes, name: str, model: type[_Model]) -> _Model:
    """Read `content` as `model`.

    Raises:
        DataFileError: not JSON, or an unknown or wrong member.
    """
    try:
        return model.model_validate(json.loads(content))
    except ValidationError as error:
        raise DataFileError(f"{name}: {readable_errors(error)}") from None
    except ValueError:
        raise DataFileError(f"{name}: not JSON") from None


def readable_errors(error: ValidationError) -> str:
    """Say where each mistake is and what was expected there, without the values."""
    return "; ".join(
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}" if item["loc"] else item["msg"] for item in error.errors()
    )
