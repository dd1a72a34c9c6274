"""A project whose playbook takes a batch: an action plugin that fails, dawdles or dies as the account's number says."""

from __future__ import annotations

from tests.unit.agent.site_folder import Site

FAILS, DAWDLES, KILLS = 7, 8, 9

PLUGIN = """
import json, os, time
from pathlib import Path
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        path = Path(self._task.args["jobs"])
        if path.is_file():
            return result | self.one(path, alone=True)
        lines = {file.stem: self.one(file, alone=False) for file in sorted(path.glob("*.json"))}
        with open(EFFECTS / "batches", "a") as log:
            log.write(f"{len(lines)}\\n")
        return result | {"changed": True, "jobs": lines}

    def one(self, file, *, alone):
        account = json.loads(file.read_text())
        name = account["account"]["name"]
        kind = int(name[1:]) % 10
        if kind == FAILS:
            return {"failed": True, "msg": f"{name} is not possible"}
        if kind == KILLS:
            os.kill(os.getppid(), 9)
            time.sleep(5)
        if kind == DAWDLES:
            if not alone:
                return {"failed": True, "msg": "it takes longer", "could_not_try": True}
            time.sleep(6)
        with open(EFFECTS / name, "a") as effect:
            effect.write(f"{account['epoch']}.{account['attempt']}\\n")
        return {"changed": True, "changes": [f"made {name}"], "tried": True, "facts": {"database_host": "localhost"}}
"""


def make_batch_site(site: Site) -> None:
    """Give *site* the playbook and its plugin."""
    plugins = site.playbook.parent / "action_plugins"
    plugins.mkdir()
    names = f"EFFECTS = Path({str(site.effects)!r})\nFAILS, DAWDLES, KILLS = {FAILS}, {DAWDLES}, {KILLS}\n"
    (plugins / "effect.py").write_text(PLUGIN.replace("\n\nclass", f"\n{names}\nclass", 1))
    (site.settings.project_dir / "ansible.cfg").write_text("[defaults]\naction_plugins = playbooks/action_plugins\n")
    site.playbook.write_text(
        "- name: Accounts\n  hosts: web\n  gather_facts: false\n  tasks:\n"
        "    - name: Have an effect\n      effect:\n        jobs: '{{ account_job_file }}'\n"
    )


def batches(site: Site) -> list[int]:
    """Return the sizes of the batches so far."""
    file = site.effects / "batches"
    return [int(line) for line in file.read_text().split()] if file.exists() else []
