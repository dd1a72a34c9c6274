"""The shape of a mark, known without any key: what the reading process looks for."""

from __future__ import annotations

import re

MARK = re.compile(r"ANKUNFT/(?P<cart_id>[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z])/[A-Z2-7]{16}")
