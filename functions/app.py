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
    questions,
    register,
    rounds,
    services,
    statistics,
    tasks,
    webhooks,
)
from functions.portal import routes

API = (
    *(authorizer, health, openapi),
    *(services, rounds, cases, documents, acts, personal_data),
    *(tasks, questions, delegations),
    *(payments,),
    *(permits, register, statistics),
    *(webhooks,),
)
PORTAL = (routes,)

app = Chalice(app_name="loket", configure_logs=False)
# A form with a file is no text; unless API Gateway is told so it damages it.
app.api.binary_types.append("multipart/form-data")
for module in (*API, *PORTAL):
    app.register_blueprint(module.blueprint)


def register_workers(app: Chalice) -> None:
    """Add all other functions, steps of processes and consumers of events, so that they are packaged."""
    from functions.steps import (
        answer_children,
        ask_correction,
        ask_payment,
        assess_fee,
        await_date,
        check_rules,
        hold_case,
        join_queue,
        open_seals,
        open_tasks,
        park_case,
        rank_children,
        record_outcome,
        refund_payment,
        tally_children,
    )
    from functions.streams import (
        allocate_places,
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

    steps = (
        *(open_tasks, ask_correction, ask_payment, await_date, assess_fee, check_rules),
        *(refund_payment, join_queue, record_outcome, park_case),
    )
    streams = (
        allocate_places,
        relay,
        project,
        notices,
        register,
        webhooks,
        document_arrived,
        document_scanned,
        execution_ended,
    )
    steps += (hold_case, tally_children, open_seals, rank_children, answer_children)
    schedules = (reconcile_payments, wake_due, retry_webhooks)
    for module in (*steps, *streams, *schedules):
        app.register_blueprint(module.blueprint)
