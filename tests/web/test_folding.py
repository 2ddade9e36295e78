"""Templates that call at compile time what is the same on every page."""

from markupsafe import Markup

from inbox.core.web.folding import FoldingEnvironment

WORDS = {"Open": "Открыть <>", "%(n)s new": "%(n)s новых"}


def test_constant_calls_are_folded_and_escaped_as_they_would_be_on_the_page() -> None:
    calls: list[str] = []
    made = _environment(calls)
    page = made.from_string('<a title="{{ _("Open") }}">{{ icon("x", "size-3") }}</a>{{ _("Open")|upper }}')
    assert calls == ["Open", "x size-3", "Open"]
    expected = '<a title="Открыть &lt;&gt;"><i x size-3></i></a>ОТКРЫТЬ &lt;&gt;'
    assert [page.render(), page.render()] == [expected, expected]
    assert len(calls) == 3


def test_calls_with_what_only_the_page_knows_are_left_to_it() -> None:
    calls: list[str] = []
    made = _environment(calls)
    page = made.from_string('{{ _("%(n)s new", n=n) }} {{ _(title) }} {{ icon("x" if n else "y") }} {{ _(*rest) }}')
    assert calls == []
    assert page.render(n=2, title="Open", rest=["Open"]) == ("2 новых Открыть &lt;&gt; <i x></i> Открыть &lt;&gt;")


def test_what_is_folded_keeps_its_kind_where_it_is_not_printed() -> None:
    made = _environment([])
    page = made.from_string('{% set titles = {"a": (_("Open"), icon("x"))} %}{{ titles["a"][0] }}{{ titles["a"][1] }}')
    assert page.render() == "Открыть &lt;&gt;<i x></i>"


def _environment(calls: list[str]) -> FoldingEnvironment:
    def translate(text: str, /, **values: object) -> str:
        calls.append(text)
        found = WORDS.get(text, text)
        return found % values if values else found

    def icon(name: str, cls: str = "") -> Markup:
        calls.append(f"{name} {cls}".strip())
        return Markup("<i {}></i>").format(f"{name} {cls}".strip())

    return FoldingEnvironment({"_": translate, "icon": icon}, autoescape=True)
