"""Somebody who carries a case through the pages: reads what is asked on each of them, and does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Locator, Page, expect

from functions.domain import form as forms
from functions.domain.case import Case, Task
from functions.domain.service import FormField, Service
from functions.domain.tasks import allowed_actions
from functions.portal import questions
from functions.runtime.wiring import ports
from infra.driver import SMALL_PDF, people

if TYPE_CHECKING:
    from tests.browser.conftest import Window

MOST_PAGES, MOST_TABS = 25, 60
_IS_SEEN_IN_FOCUS = """aim => aim === document.activeElement && aim.matches(':focus-visible')
    && getComputedStyle(aim).outlineStyle === 'solid'"""


@dataclass
class Walker:
    """One browser window that one person after another sits down at."""

    window: Window
    language: Any = "en"
    script: bool = True
    user: str = ""
    sat: set[str] = field(default_factory=set)

    @property
    def page(self) -> Page:
        return self.window.page

    def sit_down(self, username: str) -> Walker:
        if username != self.user:
            self.page.context.clear_cookies()
            self.sign_in(username)
            self.user = username
            self.sat.add(username)
        return self

    def sign_in(self, username: str) -> None:
        self.window.sign_in(username)

    # -- what a hand does

    def press(self, what: Locator) -> None:
        """Press a link or a button, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            what.click()

    def type(self, where: Locator, text: str) -> None:
        where.fill(text)

    def choose(self, options: Locator, value: str) -> None:
        """Choose one of these radio buttons."""
        options.and_(self.page.locator(f"[value='{value}']")).check()

    def tick(self, box: Locator) -> None:
        box.check()

    def attach(self, where: Locator, file: Any) -> None:
        where.set_input_files(file)

    # -- an applicant

    def apply(self, code: str, *, parent: str = "", on_behalf_of: str = "", **answers: Any) -> str:
        """Fill in, bring and submit what a service asks for, by its example; gives the case."""
        service = ports.catalogue.service(code)
        given = forms.clean(service, {**forms.example(service, ports.clock.now().date()), **answers})
        self.window.go(f"/services/{code}")
        self.press(self.page.locator(f"a.button[href$='/services/{code}/start']").first)
        for name, value in (("parent", parent), ("on_behalf_of", on_behalf_of)):
            if value:
                self.type(self.page.locator(f"#f-{name}"), value)
        self.press(self.page.locator("main form .acts button"))
        return self.submit(service, given)

    def submit(self, service: Service, answers: Mapping[str, Any]) -> str:
        case = re.findall(r"/apply/([^/?#]+)", self.page.url)[0]
        for _ in range(MOST_PAGES):
            end = self.page.url.partition("?")[0].partition("#")[0].rpartition("/")[2]
            if end.isdigit():
                self._answer(service, answers)
                self.press(self.page.locator("main form .acts button").first)
            elif end == "documents":
                self._bring()
                self.press(self.page.locator("main .acts a.button").first)
            elif end == "check":
                self.press(self.page.locator("main form .acts button"))
            else:
                return case
        raise AssertionError(f"there is no end to {self.page.url}: {self.page.inner_text('main')}")

    def _answer(self, service: Service, answers: Mapping[str, Any]) -> None:
        known = {one.name: one for one in service.form.fields}
        for asked in self.page.locator("[data-field]:visible").all():
            name = asked.get_attribute("data-field") or ""
            if answers.get(name) is not None:
                self.fill(asked, known[name], answers[name])

    def fill(self, asked: Locator, question: FormField, answer: Any) -> None:
        typed = questions.typed(question, answer, self.language)
        radios = asked.locator("input[type=radio]")
        if radios.count():
            self.choose(radios, typed)
        elif asked.locator("select").count():
            asked.locator("select").select_option(typed)
        else:
            self.type(asked.locator("input, textarea"), typed)

    def _bring(self) -> None:
        kinds = [one.get_attribute("data-kind") for one in self.page.locator("[data-kind]").all()]
        for kind in kinds:
            file: Any = {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": SMALL_PDF}
            self.attach(self.page.locator(f"#f-{kind}"), file)
            if not self.script:
                self.press(self.page.locator(f"#d-{kind} button"))
        for kind in kinds:
            expect(self.page.locator(f"#d-{kind} .tag.good")).to_be_visible()

    def pay(self, case: str) -> None:
        """Follow the bill of a case to the bank, and pay it."""
        self.window.go(f"/cases/{case}")
        self.press(self.page.locator(".panel.wait .acts a.button"))
        self.press(self.page.locator("button[value=paid]"))

    def ask_for(self, case: str, errand: str, reason: str, **answers: Any) -> None:
        """Do something with a whole case, by the link on its page."""
        self.window.go(f"/cases/{case}")
        self.press(self.page.locator(f"aside a[href$='/{errand}']"))
        for name, typed in answers.items():
            box = self.page.locator(f"[type=checkbox][name={name}][value='{typed}']")
            self.tick(box) if box.count() else self.type(self.page.locator(f"[name={name}]"), typed)
        self.type(self.page.locator("[name=reason]"), reason)
        self.press(self.page.locator("main form .acts button"))

    def verified(self, case: str) -> bool:
        """Tell whether the public page says that what was last issued on a case is genuine."""
        self.window.go(f"/cases/{case}")
        self.press(self.page.locator(".panel.good a[href*='/permits/']").last)
        return self.page.locator(".verdict.good").count() == 1

    # -- officers

    def answer_all(self, case: str) -> int:
        """Let every officer who is asked about a case answer from the own worklist; gives how many answers it took."""
        answered = 0
        for _ in range(MOST_PAGES):
            roles = [task.role for task in load(case).open_tasks() if _can_be_granted(case, task)]
            now = sum(any(self._answer_one(case, one) for one in _holders(role)) for role in roles)
            answered += now
            if not now:
                return answered
        raise AssertionError("the offices never come to an end")

    def _answer_one(self, case: str, username: str) -> bool:
        """Answer the first task about this case that can be answered; ``False`` where there is none."""
        self.sit_down(username).window.go("/tasks")
        links = self.page.locator(f"#list a[href*='/tasks/{case}']")
        for address in [one.get_attribute("href") or "" for one in links.all()]:
            self.window.go(address)
            buttons = self.page.locator("button[name=action]:not(.grave):not([value=return])")
            if buttons.count():
                for score in self.page.locator("[name^=score-]").all():
                    self.type(score, "80")
                self.type(self.page.locator("[name=comment]"), "As it should be.")
                self.press(buttons.first)
                if self.page.locator("article.letter").count():
                    self.press(self.page.locator("main form button[name=action]:not(.grave)").first)
                expect(self.page.locator(".panel.good")).to_be_visible()
                return True
        return False


class ByKeyboard(Walker):
    """Has nothing but Tab, Enter, Space, arrows and letters, and must see at each step where the focus is."""

    def sign_in(self, username: str) -> None:
        self.window.go("/")
        self.press(self.page.locator("header a[href*='/sign-in']:visible"))
        self.type(self.page.locator("[name=username]"), username)
        with self.page.expect_navigation(url=self.window.street.url + "/"):
            self.page.keyboard.press("Enter")

    def press(self, what: Locator) -> None:
        self._tab_to(what)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, where: Locator, text: str) -> None:
        self._tab_to(where)
        if where.get_attribute("type") == "month":
            year, month = text.split("-")
            self.page.keyboard.type(month)
            self.page.keyboard.press("ArrowRight")
            self.page.keyboard.type(year)
        elif where.get_attribute("type") == "datetime-local":
            moment = datetime.fromisoformat(text)
            self.page.keyboard.type(moment.strftime("%m%d%Y"))
            self.page.keyboard.press("ArrowRight")
            self.page.keyboard.type(moment.strftime("%I%M%p"))
        else:
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)

    def choose(self, options: Locator, value: str) -> None:
        self._tab_to(options.first)
        self.page.keyboard.press("Space")
        for _ in range(options.count()):
            if options.and_(self.page.locator(":checked")).get_attribute("value") == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no way by the keyboard to {value}")

    def tick(self, box: Locator) -> None:
        self._tab_to(box)
        self.page.keyboard.press("Space")

    def attach(self, where: Locator, file: Any) -> None:
        # Asked for only at the press of the key, the browser may open its own window before it hears of it.
        with self.page.expect_file_chooser() as opened:
            self._tab_to(where)
            self.page.keyboard.press("Enter")
        opened.value.set_files(file)

    def _tab_to(self, aim: Locator) -> None:
        aim.wait_for()
        element = aim.element_handle()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if element.evaluate(_IS_SEEN_IN_FOCUS):
                return
        raise AssertionError(f"no way by the keyboard to {aim}")


def load(case: str) -> Case:
    """Give a case as it stands."""
    found: Case = ports.cases.load(case).case
    return found


def _can_be_granted(case: str, task: Task) -> bool:
    """Tell whether an officer is asked, and can do more than to send it back."""
    asked = load(case)
    service = ports.catalogue.service(asked.service, asked.service_version)
    return "/" in task.role and bool({one.name for one in allowed_actions(asked, service, task)} - {"return"})


def _holders(role: str) -> list[str]:
    return [person.username for person in people().holders(role)]
