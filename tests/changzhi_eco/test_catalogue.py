"""The English catalogue: complete, compiled, and enough to show every page without a Chinese word of our own."""

from __future__ import annotations

import ast
import datetime
import gettext
import re
import uuid
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import NamedTuple

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation.template import templatize

from accounts.models import Role, User
from progress.gate import CITY_TIME
from progress.models import EntryStatus, IndicatorKind
from tests import factories as make
from tests.house_rules.house import House, Source
from tests.pages import Page, signed_in

CATALOGUE = settings.BASE_DIR / "changzhi_eco" / "locale" / "en" / "LC_MESSAGES" / "django.po"
HOUSE = House(settings.BASE_DIR)

GETTEXT = {"_", "gettext", "gettext_lazy", "pgettext", "pgettext_lazy"}
#: The calls that templatize makes of {% translate %} and {% blocktranslate %}.
IN_TEMPLATE = re.compile(r" ((?:p?gettext|_)\(.*?\)) ")
TRANSLATED = re.compile(r"{#.*?#}|{% translate .*?%}|{% blocktranslate.*?{% endblocktranslate %}", re.DOTALL)
ENTRY = re.compile(r'^(?:msgctxt (".*")\n)?msgid ((?:".*"\n)+)msgstr ((?:".*"(?:\n|\Z))+)', re.MULTILINE)
#: What a translator has to look at: guesses, the texts they were made from, and texts that are gone.
UNSETTLED = re.compile(r"^#(?:, .*fuzzy|[|~]).*", re.MULTILINE)
PLACEHOLDER = re.compile(r"%\((\w+)\)")
#: Characters and full-width punctuation.
UNFINISHED = pytest.mark.xfail(strict=True, reason="the pages of 沉陷区治理 are not all in English yet")
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")

MARCH = datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME)
#: Input that no filter takes.
BAD = "?region=1&work_line=x&status=x&period=x&changed_since=x"


class Message(NamedTuple):
    """A text as the code says it; the context is empty unless the same word is said in two senses."""

    context: str
    text: str


def in_source() -> set[Message]:
    """Every text that the code and the templates mark for translation; needs no gettext on the machine."""
    sources = [*HOUSE.python(), *HOUSE.templates()]
    return {message(call) for source in sources for call in calls(source)}


def calls(source: Source) -> Iterator[ast.Call]:
    if source.path.endswith(".py"):
        nodes: Iterator[ast.AST] = iter(source.nodes)
    else:
        found = IN_TEMPLATE.findall(templatize(source.text))
        nodes = (ast.parse(call, mode="eval").body for call in found)
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
            yield node


def message(call: ast.Call) -> Message:
    """What the call says; raises ValueError for a text put together at run time, which no catalogue can hold."""
    *context, text = (ast.literal_eval(arg) for arg in call.args)
    return Message("".join(context), text)


@cache
def catalogue() -> dict[Message, str]:
    found = ENTRY.findall(CATALOGUE.read_text(encoding="utf-8"))
    entries = {Message(unquoted(context), unquoted(text)): unquoted(said) for context, text, said in found}
    del entries[Message("", "")]  # the header
    return entries


def unquoted(strings: str) -> str:
    return str(ast.literal_eval(f"({strings})")) if strings else ""


def test_catalogue_holds_what_the_source_says_and_no_more() -> None:
    said = in_source()

    assert said ^ catalogue().keys() == set(), "run `make messages`"


@UNFINISHED
def test_every_message_is_translated_and_settled() -> None:
    assert [entry for entry, english in catalogue().items() if not english.strip()] == []
    assert UNSETTLED.findall(CATALOGUE.read_text(encoding="utf-8")) == []


@UNFINISHED
def test_translations_are_english_and_keep_their_placeholders() -> None:
    pairs = [(entry.text, english) for entry, english in catalogue().items()]

    assert [english for _text, english in pairs if CHINESE.search(english)] == []
    assert [text for text, english in pairs if set(PLACEHOLDER.findall(text)) ^ set(PLACEHOLDER.findall(english))] == []


@UNFINISHED
def test_catalogue_is_compiled() -> None:
    compiled = CATALOGUE.with_suffix(".mo").read_bytes()
    with CATALOGUE.with_suffix(".mo").open("rb") as stream:
        english = gettext.GNUTranslations(stream)

    stale = [
        entry
        for entry, said in catalogue().items()
        if said != (english.pgettext(*entry) if entry.context else english.gettext(entry.text))
    ]

    assert stale == []
    # The third word of the file counts its strings; the header is one of them.
    assert int.from_bytes(compiled[8:12], "little") == len(catalogue()) + 1


def test_templates_mark_all_they_say() -> None:
    said = {source.path: CHINESE.findall(TRANSLATED.sub("", source.text)) for source in HOUSE.templates()}

    # The name of the language itself, for readers of the other one.
    assert {path: words for path, words in said.items() if words} == {"templates/_masthead.html": ["中文"]}


@pytest.fixture
def team() -> Iterator[make.Team]:
    """A clerk, a reviewer and a verifier with something to see on each of their pages, on the last day of March."""
    with time_machine.travel(MARCH, tick=False):
        team = make.team(make.CITY)
        project = make.project(make.COUNTY, name="", programme=make.programme(), start_on=MARCH.date())
        for kind in (IndicatorKind.FLOW, IndicatorKind.STOCK):
            measured = make.indicator(kind)
            make.target(measured, project=project, start_on=datetime.date(2025, 1, 1), is_demo=True)
            make.target(measured, due_on=datetime.date(2025, 12, 31))
            series = make.series(measured, project)
            make.correction(make.verified_entry(series, when=make.period(month=1), by=team), 12, by=team)
        for status in EntryStatus:
            make.entry(status=status, by=team, note="覆土")
        make.entry(value=None, no_progress_reason="冻土", by=team)
        yield team


def in_english(client: Client, person: User | None = None) -> Client:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return signed_in(client, person) if person else client


def texts_of_the_tables() -> list[str]:
    """The data's own Chinese, the longest first, so that no text is cut by a shorter one."""
    rows = (row for model in apps.get_models() for row in model._default_manager.values())
    texts = {value for row in rows for value in row.values() if isinstance(value, str) and CHINESE.search(value)}
    return sorted(texts, key=len, reverse=True)


def our_chinese(page: Page) -> list[str]:
    """The Chinese of a page, its attributes included, that is not data."""
    soup = BeautifulSoup(page.content, "html.parser")
    for name in soup.select("button[lang]"):
        name.decompose()
    html = str(soup)
    for text in texts_of_the_tables():
        html = html.replace(text, "")
    return CHINESE.findall(html)


def everywhere() -> list[str]:
    """The lists, plain and with input that no filter takes, and the page of each row that has one."""
    lists = [reverse(name) for name in ("home", "overview", "entries", "entry_new", "review", "projects")]
    shown = [model._default_manager.all() for model in apps.get_models() if hasattr(model, "get_absolute_url")]
    return [*lists, *(path + BAD for path in lists), *(row.get_absolute_url() for rows in shown for row in rows)]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["clerk", "reviewer", "verifier"])
def test_english_pages_are_chinese_in_their_data_only(client: Client, team: make.Team, role: str) -> None:
    reader = in_english(client, getattr(team, role))

    pages = {path: reader.get(path) for path in everywhere()}

    assert {page.status_code for page in pages.values()} == {HTTPStatus.OK}
    assert {path: words for path, page in pages.items() if (words := our_chinese(page))} == {}


@pytest.mark.django_db
def test_refused_form_is_english(client: Client, team: make.Team) -> None:
    series = make.series()
    typed = {"receipt": uuid.uuid4(), "value": "about ten", "note": "", "do": "submit"}

    path = f"{reverse('entry_new')}?series={series.pk}&period={make.period().pk}"
    page = in_english(client, team.clerk).post(path, typed)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert our_chinese(page) == []


@pytest.mark.django_db
def test_signing_in_and_losing_the_way_are_english(client: Client) -> None:
    pages = [in_english(client).get(reverse("login")), in_english(client, make.user()).get("/nowhere/")]

    assert [our_chinese(page) for page in pages] == [[], []]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["entries", "entry_new", "review", "projects"])
def test_refused_filter_is_told_in_chinese(client: Client, name: str) -> None:
    """The libraries' own sentences included."""
    page = signed_in(client, make.user(Role.CLERK)).get(reverse(name) + BAD)

    told = [error.get_text() for error in BeautifulSoup(page.content, "html.parser").select(".errorlist li")]
    assert told
    assert [sentence for sentence in told if not CHINESE.search(sentence)] == []
