"""Signing in at the issuer and coming back, and signing out.

/sign-in ▶ issuer's page ▶ /sign-in?code=…&state=… ▶ session ▶ where the visitor wanted to go
   └ state, nonce and PKCE verifier wait in a sealed cookie of ten minutes
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta

from functions.domain.errors import LoketError
from functions.portal import colleagues, seals
from functions.portal.sessions import SESSION_COOKIE, SignedIn, cookie, cookie_name, key
from functions.portal.urls import back_to, own, public_url, url
from functions.portal.visit import Answer, Html, SeeOther, Visit
from functions.runtime.wiring import ports

FLOW = "loket-flow"
FLOW_LIVES = timedelta(minutes=10)


def enter(visit: Visit) -> Answer:
    """Send to the issuer, or take in who comes back from there."""
    if "code" in visit.query or "error" in visit.query:
        return _come_back(visit)
    state, nonce, verifier = (secrets.token_urlsafe(24) for _ in range(3))
    wanted = own(visit.query.get("next"))
    flow = {"state": state, "nonce": nonce, "verifier": verifier, "next": wanted}
    sealed = seals.seal(key(), FLOW, flow, visit.moment + FLOW_LIVES)
    address = ports.issuer.address(
        redirect=public_url("/sign-in"), state=state, nonce=nonce, challenge=challenge(verifier)
    )
    return SeeOther(address, (cookie(FLOW, sealed, FLOW_LIVES),))


def _come_back(visit: Visit) -> Answer:
    flow = seals.unseal(key(), FLOW, visit.cookies.get(cookie_name(FLOW)), visit.moment)
    forget = cookie(FLOW, "", FLOW_LIVES)
    if flow is None or not secrets.compare_digest(str(flow["state"]), visit.query.get("state", "")):
        return _failed(visit, "session.lost", forget)
    if "code" not in visit.query:
        return _failed(visit, "session.refused", forget)
    try:
        told = ports.issuer.redeem(
            visit.query["code"],
            redirect=public_url("/sign-in"),
            verifier=flow["verifier"],
            nonce=flow["nonce"],
        )
    except LoketError as error:
        if error.status >= 500:
            raise
        return _failed(visit, "session.refused", forget)
    session = SignedIn.begin(told, visit.moment)
    colleagues.note(session.person, visit.now)
    seat = cookie(SESSION_COOKIE, session.seal(), session.until - visit.moment)
    return SeeOther(back_to(flow["next"]), (seat, forget))


def _failed(visit: Visit, reason: str, forget: str) -> Answer:
    return Html("sign-in-failed.html", {"reason": reason}, status=400, cookies=(forget,))


def leave(visit: Visit) -> Answer:
    """End the session of the portal."""
    return SeeOther(url("/signed-out"), (cookie(SESSION_COOKIE, "", FLOW_LIVES),))


def left(visit: Visit) -> Answer:
    """Say that the session has ended, and offer to end the issuer's too."""
    return Html("signed-out.html", {"issuer": ports.issuer.end(back=public_url("/"))})


def challenge(verifier: str) -> str:
    """Give the S256 challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
