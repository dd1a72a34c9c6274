"""How the order API hands a job to a courier."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from agent.jobs import Job, sign
from tests.unit.agent.site_folder import Site


def job_task(site: Site, job: Job, lease_s: float = 3.0) -> dict[str, Any]:
    """Return an answer to a question for work that holds *job*."""
    file = b64encode(sign(job, site.api_key)).decode()
    return {"jobs": [{"job_id": job.job_id, "attempt": job.attempt, "file": file, "lease_s": lease_s}]}
