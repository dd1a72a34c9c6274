"""The rules for the risk check: results never change, an order leaves a trace of each kind once, nothing is blocked twice."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from api.migrations.rules import index, one_of, unchangeable, unique
from api.ruleset import Outcome

ID = "2026-11-24T14:20:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the rules for the risk check"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ankunft", description=DESCRIPTION)

    async def rules() -> None:
        await unique("risk_trace", "order", "kind", "digest")
        await unique("risk_block", "digest")
        await index("risk_assessment", "order", "id")
        await index("risk_result", "assessment", "id")
        await index("risk_result", "rule")
        await index("risk_trace", "digest", "at", "order")
        await index("risk_trace", "at")
        await index("customer", "phone")
        await index("customer", "family_name", "postal_code")
        await one_of("risk_assessment", "outcome", Outcome)
        await unchangeable("risk_assessment")
        await unchangeable("risk_result")

    manager.add_raw(rules)
    return manager
