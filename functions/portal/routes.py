"""The table of contents of the portal: every page's address. Loads no page and no template before one is asked for."""

from __future__ import annotations

from chalice.app import Blueprint, Response

blueprint = Blueprint(__name__)

PAGES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/", "public.home"),
    ("GET", "/accessibility", "public.accessibility"),
    ("GET", "/privacy", "public.privacy"),
    ("GET", "/statistics", "public.statistics"),
    ("GET", "/register", "public.register"),
    ("GET", "/register.csv", "public.register_csv"),
    ("GET", "/open", "public.open_below"),
    ("GET", "/permits", "permits.find"),
    ("GET", "/permits/{number}", "permits.show"),
    # signing in and out
    ("GET", "/sign-in", "sign_in.enter"),
    ("GET", "/signed-out", "sign_in.left"),
    ("POST", "/sign-out", "sign_in.leave"),
    # services
    ("GET", "/services", "catalogue.services"),
    ("GET", "/services/{service}", "catalogue.service"),
    ("POST", "/services/{service}", "catalogue.estimate"),
    ("GET", "/services/{service}/start", "catalogue.before"),
    ("POST", "/services/{service}/start", "catalogue.start"),
    # an application, or the correction of one
    ("GET", "/apply/{case}", "drafts.overview"),
    ("POST", "/apply/{case}", "drafts.submit"),
    ("GET", "/apply/{case}/check", "drafts.check"),
    ("GET", "/apply/{case}/documents", "files.show"),
    ("POST", "/apply/{case}/documents", "files.take"),
    ("POST", "/apply/{case}/announce", "files.announce"),
    ("GET", "/apply/{case}/files", "files.states"),
    ("GET", "/apply/{case}/{part}", "drafts.part"),
    ("POST", "/apply/{case}/{part}", "drafts.save"),
    # cases
    ("GET", "/cases", "cases.mine"),
    ("GET", "/cases/{case}", "cases.show"),
    ("GET", "/cases/{case}/process", "drawing.show"),
    ("GET", "/cases/{case}/process.svg", "drawing.picture"),
    ("GET", "/cases/{case}/record", "records.one"),
    ("POST", "/cases/{case}/record", "records.act"),
    ("GET", "/cases/{case}/receipt", "cases.receipt"),
    ("GET", "/cases/{case}/history.json", "cases.history"),
    ("GET", "/cases/{case}/personal-data.json", "cases.personal_data"),
    ("GET", "/cases/{case}/documents/{document}", "files.read"),
    ("POST", "/cases/{case}/messages", "errands.message"),
    ("POST", "/cases/{case}/again", "errands.again"),
    ("GET", "/cases/{case}/{errand}", "errands.show"),
    ("POST", "/cases/{case}/{errand}", "errands.do"),
    ("GET", "/cases/{case}/acts/{act}", "oversight.ask"),
    ("POST", "/cases/{case}/acts/{act}", "oversight.do"),
    # the back office
    ("GET", "/tasks", "worklist.show"),
    ("POST", "/tasks", "worklist.decide"),
    ("GET", "/tasks/{task}", "desk.show"),
    ("POST", "/tasks/{task}", "desk.decide"),
    ("POST", "/tasks/{task}/claim", "desk.claim"),
    ("POST", "/tasks/{task}/release", "desk.release"),
    ("POST", "/tasks/{task}/assign", "desk.assign"),
    ("POST", "/tasks/{task}/presence", "desk.stay"),
    ("GET", "/tasks/{task}/questions", "enquiries.compose"),
    ("POST", "/tasks/{task}/questions", "enquiries.ask"),
    ("GET", "/questions/{question}", "enquiries.show"),
    ("POST", "/questions/{question}", "enquiries.answer"),
    ("GET", "/questions/{question}/documents/{document}", "enquiries.document"),
    ("GET", "/attention", "oversight.attention"),
    ("GET", "/services/{service}/rounds", "rounds.show"),
    ("POST", "/services/{service}/rounds", "rounds.begin"),
    ("GET", "/services/{service}/rounds/{period}", "rounds.follow"),
    ("POST", "/services/{service}/rounds/{period}", "rounds.draw"),
    ("GET", "/services/{service}/pace", "pace.show"),
    ("GET", "/services/{service}/pace.csv", "pace.table"),
    ("GET", "/delegations", "leave.show"),
    ("POST", "/delegations", "leave.lend"),
    ("POST", "/delegations/end", "leave.end"),
    ("GET", "/records", "records.show"),
    ("GET", "/webhooks", "hooks.show"),
    ("POST", "/webhooks", "hooks.add"),
    ("GET", "/webhooks/{webhook}", "hooks.one"),
    ("POST", "/webhooks/{webhook}", "hooks.act"),
    # whatever else somebody types
    ("GET", "/{page}", "public.nowhere"),
    ("GET", "/{page}/{part}", "public.nowhere"),
    ("GET", "/{page}/{part}/{more}", "public.nowhere"),
    ("GET", "/{page}/{part}/{more}/{a}", "public.nowhere"),
    ("GET", "/{page}/{part}/{more}/{a}/{b}", "public.nowhere"),
    ("GET", "/{page}/{part}/{more}/{a}/{b}/{c}", "public.nowhere"),
    ("GET", "/{page}/{part}/{more}/{a}/{b}/{c}/{d}", "public.nowhere"),
)


def _register(method: str, path: str, page: str) -> None:
    def view(**parameters: str) -> Response:
        from functions.portal import edge

        return edge.answer(page, blueprint.current_request, path, parameters)

    # Chalice checks content types before us and would answer in a form of its own.
    blueprint.route(path, methods=[method], name=f"portal.{method.lower()}.{path}", content_types=[])(view)


@blueprint.route("/static/{name}", methods=["GET"], name="portal.static")
def static(name: str) -> Response:
    from functions.portal import edge

    return edge.asset(blueprint.current_request, name)


for _page in PAGES:
    _register(*_page)
