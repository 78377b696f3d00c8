"""The public register as a list and as a table for spreadsheets, newest first."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from functions.api.http import Answer, Call, Paged, Reply, route
from functions.api.shapes import read_moment
from functions.domain import register, statistics, views, words
from functions.domain.clock import rfc3339
from functions.domain.errors import Malformed, NotNow
from functions.domain.money import money
from functions.domain.service import Service
from functions.runtime.wiring import ports

blueprint = Blueprint(__name__)
MOST_PARTITIONS = 96
"""How many months of services one request reads; a page may end early, with a cursor to go on from."""
_CACHE_SECONDS = 60
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z#[A-Z0-9~-]*")
CSV = "text/csv; charset=utf-8; header=present"


def _day_or_moment(text: Any) -> str:
    try:
        if _DAY.fullmatch(str(text)):
            datetime.fromisoformat(str(text))
            return str(text)
        return rfc3339(read_moment(str(text)))
    except (ValueError, OverflowError):
        raise PydanticCustomError("day", "not a day") from None


Day = Annotated[str, BeforeValidator(_day_or_moment), Field(examples=["2026-11-24"])]
"""A day in the agency's time zone, or an RFC 3339 time."""


class RegisterQuery(Paged):
    """``from`` and ``to`` are days of issue, both included."""

    service: str | None = Field(default=None, max_length=60)
    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")
    format: Literal["json", "csv"] | None = None


class PublishedFact(Answer):
    """``text`` is the value in words."""

    name: str
    title: str
    value: bool | int | float | str
    text: str


class Published(Answer):
    """What anybody may read of a case; ``number`` is that of the document that was issued."""

    number: str
    title: str
    service: str
    service_title: str
    agency: str
    agency_name: str
    facts: list[PublishedFact]


class RegisterEntry(Published):
    state: register.State
    issued_at: str
    valid_until: str | None


class RegisterPage(Answer):
    """Newest first. A page may hold fewer entries than asked for, or none, and still have a `next`."""

    items: list[RegisterEntry]
    next: str | None


@route(
    blueprint, "GET", "/v1/register", public=True, query=RegisterQuery, answer=RegisterPage,
    media_types=("application/json", "text/csv"),
    summary={"id": "Daftar izin yang terbit", "en": "The public register of permits"},
    description={
        "id": "`Accept: text/csv` atau `format=csv` memberi tabel; halaman berikutnya ada di kepala `Link`.",
        "en": "`Accept: text/csv` or `format=csv` gives a table; the next page stands in the `Link` header.",
    },
)  # fmt: skip
def read(call: Call) -> Reply:
    wanted: RegisterQuery = call.query
    found, following = page(call.now, wanted)
    entries = [_entry(call, item) for item in found]
    if wanted.format == "csv" or (wanted.format is None and prefers_csv(call.header("Accept"))):
        return _table(call, wanted, entries, following)
    return Reply(RegisterPage(items=entries, next=following), cache=_CACHE_SECONDS, headers=_BY_ACCEPT)


class OpenQuery(Paged):
    pass


class OpenCase(Published):
    """``number`` is the document that announces it: the ``parent`` of what is filed below it until ``closes_at``."""

    closes_at: str


class OpenPage(Answer):
    items: list[OpenCase]
    next: str | None


@route(
    blueprint, "GET", "/v1/services/{service}/open", public=True, query=OpenQuery, answer=OpenPage,
    summary={"id": "Yang terbuka untuk pengajuan sekarang", "en": "What is open for submissions now"},
    description={
        "id": "Untuk layanan yang diajukan di bawah permohonan lain: permohonan yang sudah diumumkan dan masih "
        "menerima, yang paling cepat ditutup lebih dahulu.",
        "en": "For a service that is filed below another case: the published cases that still take submissions, "
        "soonest closed first.",
    },
)  # fmt: skip
def open_below(call: Call, service: str) -> Reply:
    found: Service = ports.catalogue.service(service)
    if found.above is None:
        raise NotNow(_STANDS_ALONE, code="not-below")
    wanted: OpenQuery = call.query
    page = ports.views.list(
        "place",
        views.open_below(found.above.service),
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    now = rfc3339(call.now)
    items = [_open_case(call, item) for item in page.items if item["closes_at"] >= now]
    return Reply(OpenPage(items=items, next=page.next), cache=_CACHE_SECONDS)


def _open_case(call: Call, item: Mapping[str, Any]) -> OpenCase:
    service = ports.catalogue.service(item["service"], item["version"])
    return OpenCase(
        number=item["number"],
        title=call.text(service.title),
        service=service.code,
        service_title=call.text(service.title),
        agency=item["agency"],
        agency_name=call.text(ports.catalogue.agency(item["agency"]).name),
        closes_at=item["closes_at"],
        facts=_facts(call, item, service),
    )


_STANDS_ALONE = {
    "id": "Layanan ini tidak diajukan di bawah permohonan lain.",
    "en": "This service is not filed below another case.",
}


# -- reading


def page(now: datetime, wanted: RegisterQuery) -> tuple[list[Mapping[str, Any]], str | None]:
    """Give one page and the cursor to the next: a place in the list, the same whichever partitions it lies in.

    Raises `ServiceUnknown`, and `Malformed` for a cursor of another list or a period that ends before it begins.
    """
    services = _services(wanted.service)
    earliest = _beginning(now)
    periods = {service.code: _period(service, wanted, earliest, now) for service in services}
    first, last = min(since for since, _ in periods.values()), max(until for _, until in periods.values())
    before = min(register.place_of(last), _place(wanted.cursor) or "~")
    found: list[Mapping[str, Any]] = []
    reads = 0
    for month in register.months(first, _moment_of(before)):
        for service in services:
            found += _partition(service.code, month, periods[service.code], before, wanted.limit)
        reads += len(services)
        newest = register.newest(found, wanted.limit + 1, before)
        if len(newest) > wanted.limit:
            return newest[: wanted.limit], _cursor(newest[wanted.limit - 1]["sk"])
        if reads >= MOST_PARTITIONS and month > register.month_of(first):
            return newest, _cursor(f"{month}-01T00:00:00.000Z#")
    return register.newest(found, wanted.limit, before), None


def _services(code: str | None) -> list[Service]:
    return [ports.catalogue.service(code)] if code else list(ports.catalogue.services())


def _partition(
    service: str, month: str, period: tuple[datetime, datetime], before: str, limit: int
) -> list[dict[str, Any]]:
    since, until = period
    first, last = register.bounds(month, since, min(before, register.place_of(until)))
    if first > last:
        return []
    # One more tells whether there is a next page, and one may be the place itself, which was on the page before.
    found = ports.table.under(
        register.partition(service, month), since=first, until=last, limit=limit + 2, descending=True
    )
    return list(found.items)


def _period(
    service: Service, wanted: RegisterQuery, earliest: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """Give the first and the last moment of issue that are asked for, by the days of the service's agency.

    Nothing was issued before ``earliest`` or after ``now``, so that no date makes us read empty years.
    """
    calendar = ports.catalogue.calendar(service.agency)

    def moment_at(text: str | None, otherwise: datetime, *, end: bool) -> datetime:
        if text is None:
            return otherwise
        if not _DAY.fullmatch(text):
            return read_moment(text)
        day = datetime.fromisoformat(text).date()
        try:
            last: datetime = calendar.end_of_day(day if end else day - timedelta(days=1))
            return last + timedelta(milliseconds=999 if end else 1000)
        except OverflowError:
            return otherwise

    since, until = moment_at(wanted.since, earliest, end=False), moment_at(wanted.until, now, end=True)
    if wanted.since and wanted.until and since > until:
        raise Malformed(
            {"id": "`from` tidak boleh sesudah `to`.", "en": "`from` must not come after `to`."},
            code="bad-query",
        )
    return max(since, earliest), min(until, now)


def _beginning(now: datetime) -> datetime:
    """Give when the first case of all was counted, less the hours by which a time zone may be behind."""
    first = ports.table.counters(statistics.COUNTERS, limit=1)
    month = first[0][0][:7] if first else statistics.month_of(now.date())
    return read_moment(f"{month}-01T00:00:00Z") - timedelta(days=1)


def _place(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        _moment_of(place)
    except ValueError:
        raise _bad_cursor() from None
    if not _PLACE.fullmatch(place):
        raise _bad_cursor()
    return place


def _moment_of(place: str) -> datetime:
    """Give the newest moment that may still follow; a place without a number lies before its own moment."""
    moment, _, number = place.partition("#")
    return read_moment(moment) - timedelta(milliseconds=0 if number else 1)


def _cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _bad_cursor() -> Malformed:
    return Malformed(
        {
            "id": "`cursor` tidak berasal dari daftar ini. Mulai lagi tanpa `cursor`.",
            "en": "This `cursor` does not come from this list. Start again without a `cursor`.",
        },
        code="bad-cursor",
    )


# -- showing


def _entry(call: Call, item: Mapping[str, Any]) -> RegisterEntry:
    service = ports.catalogue.service(item["service"], item["version"])
    return RegisterEntry(
        number=item["number"],
        title=call.text(service.permits[item["kind"]].title),
        service=service.code,
        service_title=call.text(service.title),
        agency=item["agency"],
        agency_name=call.text(ports.catalogue.agency(item["agency"]).name),
        state=register.entry_state(item, call.now),
        issued_at=item["issued_at"],
        valid_until=item.get("valid_until"),
        facts=_facts(call, item, service),
    )


def _facts(call: Call, item: Mapping[str, Any], service: Service) -> list[PublishedFact]:
    return [
        PublishedFact(
            name=name,
            title=call.text(title),
            value=value,
            text=call.text(text) if text else _said(call, service, name, value),
        )
        for name, title, value, text in register.published(item, service)
    ]


def _said(call: Call, service: Service, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return {"id": ("tidak", "ya"), "en": ("no", "yes")}[call.language][value]
    if isinstance(value, int) and any(f.name == name and f.type == "money" for f in service.form.fields):
        return money(value, service.fee.currency if service.fee else "IDR", call.language)
    if any(f.name == name and f.type == "moment" for f in service.form.fields):
        return str(words.moment(value, ports.catalogue.calendar(service.agency), call.language))
    return str(value)


# -- CSV

_BY_ACCEPT = {"Vary": "Accept, Accept-Language"}
_COLUMNS = ("number", "title", "service", "agency", "state", "issued_at", "valid_until")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def _table(
    call: Call, wanted: RegisterQuery, entries: Sequence[RegisterEntry], following: str | None
) -> Reply:
    """Of one service each published fact has a column; of several, all facts stand in one, in words."""
    names: Sequence[str] = ()
    if wanted.service:
        names = tuple(ports.catalogue.service(wanted.service).publication.facts)
    rows = [
        [getattr(entry, column) for column in _COLUMNS]
        + (_values(entry, names) if wanted.service else [_words(entry)])
        for entry in entries
    ]
    content = as_csv([*_COLUMNS, *(names if wanted.service else ("facts",))], rows)
    link = {"Link": f'<{_next_address(wanted, following)}>; rel="next"'} if following else {}
    return Reply(content, content_type=CSV, cache=_CACHE_SECONDS, headers=_BY_ACCEPT | link)


def _values(entry: RegisterEntry, names: Iterable[str]) -> list[Any]:
    known = {fact.name: fact.value for fact in entry.facts}
    return [known.get(name) for name in names]


def _words(entry: RegisterEntry) -> str:
    return "; ".join(f"{fact.title}: {fact.text}" for fact in entry.facts)


def _next_address(wanted: RegisterQuery, following: str) -> str:
    asked = wanted.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
    return "/v1/register?" + urlencode({**asked, "cursor": following, "format": "csv"})


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write a table as RFC 4180 has it: CRLF, a header, quotes where needed.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return target.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def prefers_csv(accept: str | None) -> bool:
    """Tell whether a client likes text/csv better than JSON (RFC 9110 §12.5.1); who says nothing gets JSON."""
    liked = {"text/csv": 0.0, "application/json": 0.0}
    for part in (accept or "")[:1000].lower().split(","):
        media_type, _, rest = part.strip().partition(";")
        quality = re.search(r"q\s*=\s*([01](?:\.\d{0,3})?)", rest)
        if media_type.strip() in liked:
            liked[media_type.strip()] = float(quality[1]) if quality else 1.0
    return liked["text/csv"] > liked["application/json"]
