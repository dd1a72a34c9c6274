"""The host's side of the account roles, for hosts that are reached over SSH: a module around the library."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from .service import act


def run(service: str) -> None:
    """Be the Ansible module of one *service*: take the job as an argument, act, and print the result."""
    module = AnsibleModule(
        argument_spec={
            "job": {"type": "str", "required": True, "no_log": True},
            "host_name": {"type": "str", "required": True},
            "start_page": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    result = act(
        service,
        module.params["job"].encode(),
        host_name=module.params["host_name"],
        check=module.check_mode,
        start_page=module.params["start_page"],
    )
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
