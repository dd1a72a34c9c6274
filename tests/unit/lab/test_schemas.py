"""The schemas of EPP are cut out of RFCs as they are printed, and a mirror without them is named with the repair."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / ".ci" / "schemas.py"

PRINTED = """\
   A schema follows.

   BEGIN
   <?xml version="1.0" encoding="UTF-8"?>
   <schema targetNamespace="urn:ietf:params:xml:ns:host-1.0"
           xmlns="http://www.w3.org/2001/XMLSchema">
     <import namespace="urn:ietf:params:xml:ns:eppcom-1.0"/>
     <element name="check"



Hollenbeck                  Standards Track                    [Page 22]
\x0c
RFC 5732                    EPP Host Mapping                 August 2009


              type="string"/>
   </schema>
   END
"""


@pytest.fixture(scope="module")
def schemas() -> ModuleType:
    specification = importlib.util.spec_from_file_location("schemas", PROGRAM)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_a_page_break_within_a_schema_is_none_of_it(schemas: ModuleType) -> None:
    ((name, schema),) = schemas.cut(PRINTED)
    root = etree.fromstring(schema.encode())
    assert name == "host-1.0"
    assert "Page" not in schema
    assert root[0].get("schemaLocation") == "eppcom-1.0.xsd"
    assert root[1].get("type") == "string"


def test_a_mirror_that_does_not_have_them_is_told_with_the_repair(tmp_path: Path) -> None:
    apt = tmp_path / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text("#!/bin/sh\nexit 100\n")
    apt.chmod(0o755)
    folder = tmp_path / "schemas"
    environment = {**os.environ, "PATH": f"{apt.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, PROGRAM, folder], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "section non-free" in done.stderr
    assert "mirror" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bin"], "nothing is left"
