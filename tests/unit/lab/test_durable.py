"""Files of a fleet are complete, and root's."""

import json
from pathlib import Path

from ankunft_lab.durable import write_json


def test_a_file_is_replaced_as_a_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "lab.json"
    write_json(file, {"a": 1})
    write_json(file, {"b": 2})
    assert json.loads(file.read_text()) == {"b": 2}
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600
