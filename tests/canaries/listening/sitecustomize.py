"""Loaded by every Python that is started with this folder on its path: every logger writes everything to one file."""

import logging
import os

logging.basicConfig(
    level=1, filename=os.environ["CANARY_LOG"], format="%(name)s %(levelname)s %(message)s", encoding="utf-8"
)
logging.captureWarnings(capture=True)
# Some libraries silence themselves when they are imported; whoever looks for a fault undoes that.
logging.Logger.setLevel = lambda *_: None  # type: ignore[method-assign]
