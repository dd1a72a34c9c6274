"""Act on mail of an account from the controller; all of it is in the library ankunft."""

from __future__ import annotations

import sys
from pathlib import Path

# Ansible finds module_utils for modules only; in its own process the library is found like any package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from ankunft.action import AccountAction


class ActionModule(AccountAction):
    """The plugin that Ansible calls by its file's name."""

    service = "mail"
