"""The tables and their history, as Piccolo looks for them."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="ankunft",
    migrations_folder_path=str(Path(__file__).parent / "migrations" / "versions"),
    table_classes=table_finder(
        [
            "api.tables",
            "api.activation.tables",
            "api.activation.contracts.tables",
            "api.billing.tables",
            "api.billing.documents.tables",
            "api.billing.receivables.tables",
            "api.provisioning.tables",
            "api.notices.tables",
            "api.customers.tables",
            "api.domains.tables",
            "api.domains.epp.tables",
            "api.intake.risk.tables",
        ],
        exclude_imported=True,
    ),
    migration_dependencies=[],
    commands=[],
)
