"""A file that goes under seal, through the pages."""

from __future__ import annotations

from collections.abc import Callable

from infra.local.office import Office
from tests.portal.surfing import Surfer
from tests.workflows.tendering import Tendering

Surf = Callable[..., Surfer]


def test_takes_a_file_in_under_seal_without_a_script_and_names_it_nowhere(office: Office, surf: Surf) -> None:
    tendering = Tendering(office).file().announce()
    tendering.bid("griya-nusantara", submit=False)
    address, surfer = f"/apply/{tendering.bids['griya-nusantara']}", surf("griya-nusantara")
    pdf = b"%PDF-1.7\na secret way to build it\n%%EOF"

    page = surfer.send_file(
        surfer.get(f"{address}/documents"), "technical-proposal", pdf, "rahasia-kami.pdf", "application/pdf"
    )
    seen = [page, surfer.get(f"{address}/documents"), surfer.get(f"{address}/check")]
    seen.append(surfer.submit(seen[-1], address))
    seen += [one.get(f"/cases/{tendering.bids['griya-nusantara']}") for one in (surfer, surf("ratih-p"))]

    assert all(one.status == 200 for one in seen)
    assert "Received under seal" in seen[1].text
    assert "Received under seal" in seen[2].text
    assert "Received under seal" in seen[-1].text
    assert "Document sealed until" in seen[-2].text
    assert "yes" not in seen[1].html.xpath("//@data-checking")
    assert not any("rahasia" in one.text for one in seen)
    document = (
        tendering.as_("ratih-p").get(f"/v1/cases/{tendering.bids['griya-nusantara']}").body["documents"][0]
    )
    assert (document["state"], document["sha256"]) == ("received", None)

    tendering.close().open()

    assert "rahasia-kami.pdf" in surf("ratih-p").get(f"/cases/{tendering.bids['griya-nusantara']}").text
