"""The table of contents: one Chalice app, its routes, and the workers that are packaged beside it.

The API's Lambda loads this module and must stay light, so it leaves the workers out: in AWS each of them starts from
its own module and never comes here.
"""

from __future__ import annotations

from chalice import Chalice

from functions.api import (
    acts,
    authorizer,
    cases,
    delegations,
    documents,
    health,
    openapi,
    payments,
    permits,
    personal_data,
    register,
    services,
    statistics,
    tasks,
    webhooks,
)

API = (
    *(authorizer, health, openapi),
    *(services, cases, documents, acts, personal_data),
    *(tasks, delegations),
    *(payments,),
    *(permits, register, statistics),
    *(webhooks,),
)

app = Chalice(app_name="loket", configure_logs=False)
for module in API:
    app.register_blueprint(module.blueprint)


def register_workers(app: Chalice) -> None:
    """Add all other functions, steps of processes and consumers of events, so that they are packaged."""
    from functions.steps import (
        ask_correction,
        ask_payment,
        assess_fee,
        check_rules,
        open_tasks,
        park_case,
        record_outcome,
    )
    from functions.streams import (
        document_arrived,
        document_scanned,
        execution_ended,
        notices,
        project,
        reconcile_payments,
        register,
        relay,
        retry_webhooks,
        wake_due,
        webhooks,
    )

    steps = (open_tasks, ask_correction, ask_payment, assess_fee, check_rules, record_outcome, park_case)
    streams = (
        relay,
        project,
        notices,
        register,
        webhooks,
        document_arrived,
        document_scanned,
        execution_ended,
    )
    schedules = (reconcile_payments, wake_due, retry_webhooks)
    for module in (*steps, *streams, *schedules):
        app.register_blueprint(module.blueprint)
