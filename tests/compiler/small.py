"""A small service that can be proven, and ways to break it: each test changes the few words that it is about."""

from __future__ import annotations

from pathlib import Path

from infra.compiler.finding import Faulty, Finding
from infra.compiler.normalise import agencies_of, normalise, service_of
from infra.compiler.prove import prove
from infra.compiler.read import read_text

AGENCIES = """
office:
  name: {id: Kantor, en: Office}
  address: Jalan Satu
  place: Kota Satu
  roles:
    desk: {id: Loket, en: Desk}
    clerk: {id: Juru tulis, en: Clerk}
    head: {id: Kepala, en: Head}
    boss: {id: Pengawas, en: Supervisor}
  single_holder: [head]
  signatories: {head: {id: Kepala Kantor, en: Head of the office}}
other:
  name: {id: Dinas Lain, en: Other office}
  address: Jalan Dua
  place: Kota Dua
  roles:
    expert: {id: Ahli, en: Expert}
"""

SERVICE = """
code: small
version: 1
prefix: SML
title: {id: Izin kecil, en: Small permit}
summary: {id: Ringkasan., en: Summary.}
who: {id: Siapa saja., en: Anybody.}
audience: [citizens]
agency: office
filed_for_by: [office/desk]
supervisors: [office/boss]
legal_basis:
  - {law: UU 1, title: {id: Undang-undang, en: A law}}
form:
  groups:
    - title: {id: Isian, en: Answers}
      fields:
        - {name: owner, type: text, title: {id: Nama, en: Name}, personal: true, example: Ani}
        - {name: phone, type: phone, title: {id: Telepon, en: Phone}, required: false, personal: true}
        - name: size
          type: choice
          title: {id: Ukuran, en: Size}
          options:
            - {value: small, title: {id: Kecil, en: Small}}
            - {value: large, title: {id: Besar, en: Large}}
          example: small
        - {name: area, type: number, title: {id: Luas, en: Area}, minimum: 1, example: 10}
        - {name: remark, type: long_text, title: {id: Catatan, en: Remark}, required: false}
  rules:
    - code: not-too-large
      must: $not(form.size = "small" and form.area > 100)
      pointer: /area
      message: {id: Terlalu luas., en: Too large.}
documents:
  - {kind: plan, title: {id: Gambar, en: Plan}}
  - {kind: survey, title: {id: Survei, en: Survey}, when: facts.area > 50}
facts:
  size: form.size
  area: form.area
unique: [area]
fee:
  law: Perda 1
  words: {id: Luas kali harga., en: Area times price.}
  values:
    price: {title: {id: Harga tiap m², en: Price per m²}, money: true, value: 1000}
    factor: {title: {id: Faktor ukuran, en: Factor of size}, value: {small: 1, large: 2}}
  lines:
    - code: levy
      title: {id: Retribusi, en: Levy}
      amount: facts.area * values.price * $lookup(values.factor, facts.size)
clock:
  term: 20 wd
  starts: complete
  pauses: [correction]
  silence: alarm
  law: Perda 1
  silence_words: {id: Diberi tahu., en: Somebody is told.}
processes:
  application:
    title: {id: Permohonan, en: Application}
    steps:
      - task: check
        title: {id: Periksa, en: Check}
        role: office/desk
        within: 1 wd
        silence: alarm
        marks: complete
        actions: [approve, return]
        returned: mend
      - consult: advice
        title: {id: Minta saran, en: Ask for advice}
        of:
          - task: judge
            kind: decide
            title: {id: Nilai, en: Judge}
            role: office/clerk
            within: 10 wd
            silence: alarm
            actions: [approve, return, reject]
          - task: hear
            title: {id: Dengar, en: Hear}
            role: other/expert
            within: 5 wd
            silence: no_objection
        returned: mend
        rejected: refused
      - assess: levy
        title: {id: Hitung, en: Assess}
      - pay: bill
        title: {id: Bayar, en: Pay}
        within: 14 d
        lapsed: lapsed
      - task: sign
        title: {id: Tanda tangani, en: Sign}
        role: office/head
        within: 2 wd
        silence: alarm
        actions: [approve, reject]
        different_from: [judge]
        rejected: refused
      - outcome: granted
        title: {id: Beri, en: Grant}
        result: approved
        issue: permit
        needs_payment: true
      - correct: mend
        title: {id: Perbaiki, en: Mend}
        within: 14 d
        rounds: 3
        then: check
        lapsed: lapsed
        exhausted: refused
      - outcome: refused
        title: {id: Tolak, en: Refuse}
        result: rejected
        letter: refusal
      - outcome: lapsed
        title: {id: Gugurkan, en: Lapse}
        result: lapsed
  appeal:
    title: {id: Keberatan, en: Appeal}
    opened_by: appeal
    opens_within: 21 wd
    within: 10 wd
    clock: false
    steps:
      - task: decide
        title: {id: Putuskan, en: Decide}
        role: office/boss
        within: 10 wd
        silence: alarm
        actions: [approve, reject]
        different_from: [judge, sign]
        rejected: dismissed
      - outcome: upheld
        title: {id: Buka lagi, en: Open anew}
        result: approved
        opens: application
      - outcome: dismissed
        title: {id: Tolak keberatan, en: Dismiss}
        result: rejected
permits:
  permit:
    title: {id: Izin, en: Permit}
    prefix: SML
    letter: grant
    signatory: head
    allows: {id: "Luas {{ facts.area }} m².", en: "An area of {{ facts.area }} m²."}
letters:
  grant:
    title: {id: Izin, en: Permit}
    blocks:
      - paragraph: {id: "Diberikan kepada {{ form.owner }}.", en: "Granted to {{ form.owner }}."}
      - facts: [{label: {id: Ukuran, en: Size}, value: titles.size}]
      - fee: true
  refusal:
    title: {id: Penolakan, en: Refusal}
    blocks:
      - reasons: true
notices:
  case.submitted:
    subject: {id: "Diterima: {{ case.number }}", en: "Received: {{ case.number }}"}
    body: {id: "Ikuti di {{ link }}.", en: "Follow it at {{ link }}."}
publication:
  facts:
    size: {id: Ukuran, en: Size}
retention: {term: 10 years, law: UU 2}
"""

Change = tuple[str, str]


def changed(text: str, *changes: Change) -> str:
    """Give the text with each change made in the one place that it names."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return text


def change(workflows: Path, *changes: Change) -> None:
    """Change the small service where it stands in a folder."""
    path = workflows / "small" / "service.yaml"
    path.write_text(changed(path.read_text(), *changes))


def findings(*changes: Change, agencies: tuple[Change, ...] = ()) -> list[Finding]:
    """Read, normalise and prove the small service with these changes; give what is found."""
    try:
        service = service_of(normalise(read_text(changed(SERVICE, *changes))))
    except Faulty as faulty:
        return list(faulty.findings)
    return prove(service, agencies_of(read_text(changed(AGENCIES, *agencies))))


def codes(*changes: Change, agencies: tuple[Change, ...] = ()) -> list[str]:
    return [finding.code for finding in findings(*changes, agencies=agencies)]
