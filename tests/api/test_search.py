"""Search: words in any form and order, over messages, names, handles and posts, and what a row shows of them."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from inbox.channels.events import ConversationKind
from inbox.contacts.models import Contact, Identity
from inbox.conversations.found import CLOSES, LONGEST, OPENS, Found, Piece, load_found, mark, shorten
from inbox.conversations.models import Conversation
from inbox.conversations.search import MOST_WORDS, read_words
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.api.test_list import counted, ids
from tests.api.test_views import caller_of, thread
from tests.company import Company

pytestmark = pytest.mark.outside


async def name(company: Company, conversation_id: int, called: str, handle: str | None = None) -> None:
    """The contact of a conversation gets another name and handle."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        one = await session.get_one(Conversation, conversation_id)
        await session.execute(update(Contact).where(Contact.id == one.contact_id).values(name=called))
        await session.execute(update(Identity).where(Identity.id == one.identity_id).values(username=handle))


async def find(company: Company, q: str, *conversation_ids: int) -> dict[int, Found]:
    """What the rows of these conversations show."""
    caller = await caller_of(company, "owner")
    async with company.context.database.session(caller.scope) as session:
        return await load_found(session, conversation_ids, q)


def marked(pieces: tuple[Piece, ...]) -> str:
    """The pieces as one text, marks in brackets."""
    return "".join(f"[{piece.text}]" if piece.is_found else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("said", "q"),
    [
        ("Хочу кухню под ключ", "кухня"), ("Какая у вас кухня?", "кухню"), ("Есть рассрочка", "рассрочку"),
        ("Беру в рассрочку", "Рассрочка"), ("Нужен шкаф-купе", "шкаф купе"), ("Шкаф, не купе", "шкаф-купе"),
        ("Сколько стоит доставка до Твери", "твери доставки"), ("Какие цены?", "цена"), ("Цена вопроса", "цены"),
        ("Пришлите счёт", "счета"), ("Два зелёных дивана", "зеленый диван"), ("Was it delivered?", "deliver"),
        ("Do you deliver sofas", "sofa delivering"), ("Жду звонка в мае", "май"), ("Купите диван", "купить"),
        ("Доставкой довольна", "достав"), ("Доставкой довольна", "ставк"), ("Мой номер +7 912 345-67-89", "345-67"),
        ("Заказ 10045678", "4567"), ("Спросите @marina_design", "@marina_des"), ("Ну да", "да"),
        ("Кухню на заказ в Москве", "кухня на"), ("Скидка 15% ещё есть", "«скидка» 15%"),
    ],
)  # fmt: skip
async def test_a_message_is_found_by_forms_and_parts_of_its_words(
    company: Company, subscribers: Subscribers, said: str, q: str
) -> None:
    wrote = await subscribers.write(said)
    await subscribers.write("Спасибо большое", "502")
    owner = await company.client_of("owner")
    assert await ids(owner, q=q) == [wrote.conversation_id]


@pytest.mark.parametrize(
    ("said", "q"),
    [
        ("Где ваш магазин? Мама ищет", "мая"), ("Хочу купить шкаф", "шкаф купе"), ("Нужен шкаф-купе", "купить"),
        ("Куплю кухню", "кухня рассрочка"), ("Ценная вещь", "цены"), ("Заказ 10045", "1004 5678"),
        ("Сколько стоит?", "100_?"), ("Нам не звонили", "ну"), ("Кухонный стол", "кухарка"),
    ],
)  # fmt: skip
async def test_strangers_that_only_begin_alike_are_not_found(
    company: Company, subscribers: Subscribers, said: str, q: str
) -> None:
    await subscribers.write(said)
    owner = await company.client_of("owner")
    assert await ids(owner, q=q) == []


async def test_people_are_found_by_name_in_any_order_with_a_slip_and_by_handle(
    company: Company, subscribers: Subscribers
) -> None:
    wrote = await subscribers.write("Здравствуйте")
    other = await subscribers.write("Здравствуйте", "502")
    await name(company, wrote.conversation_id, "Лариса Крылова", "lara_home")
    await name(company, other.conversation_id, "Карина Иванова", "karina77")
    owner = await company.client_of("owner")
    for q in ("Крылова Лариса", "крыл", "крыллова", "Ларисе", "@lara_home", "lara", "ra_ho"):
        assert await ids(owner, q=q) == [wrote.conversation_id], q
    for q in ("марина", "Лариса Иванова", "крыса", "lara77"):
        assert await ids(owner, q=q) == [], q


async def test_words_may_stand_in_the_name_in_the_post_and_in_messages(
    company: Company, subscribers: Subscribers
) -> None:
    await subscribers.see_post("Большие скидки на диваны")
    wrote = await subscribers.write("А рассрочка будет?", kind=ConversationKind.COMMENT)
    other = await subscribers.write("Красота", "502", kind=ConversationKind.COMMENT)
    await name(company, wrote.conversation_id, "Ирина Зуева")
    await name(company, other.conversation_id, "Олег Зуев")
    owner = await company.client_of("owner")
    both = {wrote.conversation_id, other.conversation_id}
    assert set(await ids(owner, q="скидка")) == set(await ids(owner, q="диван скидки")) == both
    for q in ("ирина скидки", "рассрочку зуева", "скидки рассрочку", "рассрочка Ирина диваны"):
        assert await ids(owner, q=q) == [wrote.conversation_id], q
    assert await ids(owner, q="олег рассрочка") == []


async def test_a_search_shows_no_more_than_one_may_see(company: Company, subscribers: Subscribers) -> None:
    await subscribers.see_post("Скидки", subscribers.foreign)
    foreign = await subscribers.write("Хочу кухню", channel=subscribers.foreign)
    wrote = await subscribers.write("Хочу кухню")
    assert await ids(await company.client_of("owner"), q="кухня") == [wrote.conversation_id]
    assert await ids(await company.client_of("viewer"), q="кухня") == []
    assert await ids(await company.client_of("owner"), q="скидки") == []
    assert list(await find(company, "кухня", wrote.conversation_id, foreign.conversation_id)) == [wrote.conversation_id]


async def test_a_row_shows_the_message_that_was_found(company: Company, subscribers: Subscribers) -> None:
    first = await subscribers.write("Интересует кухня с доставкой 12 мая", ago=timedelta(hours=2))
    await subscribers.write("Кухню жду", ago=timedelta(hours=1))
    await subscribers.write("Ау", ago=timedelta(minutes=1))
    await name(company, first.conversation_id, "Лариса Крылова")
    (one,) = (await find(company, "кухню доставка", first.conversation_id)).values()
    assert (one.message_id, one.is_ours) == (first.message_id, False)
    assert marked(one.said) == "Интересует [кухня] с [доставкой] 12 мая"
    (one,) = (await find(company, "крыл 12", first.conversation_id)).values()
    assert marked(one.name) == "Лариса [Крыл]ова"
    assert marked(one.said) == "Интересует кухня с доставкой [12] мая"
    (one,) = (await find(company, "лариса", first.conversation_id)).values()
    assert (marked(one.name), one.message_id, one.said) == ("[Лариса] Крылова", None, ())


async def test_what_people_wrote_is_escaped_and_marks_of_their_own_are_none(
    company: Company, subscribers: Subscribers
) -> None:
    said = f"<script>alert(1)</script> {OPENS}кухня{CLOSES} & <mark>доставка</mark> кухню"
    wrote = await subscribers.write(said)
    await subscribers.write("Ау", ago=timedelta(0))
    browser = await company.browser_of("owner")
    place = f"/w/{company.workspace_id}"
    for address in (f"{place}/inbox?q=кухня", f"{place}/rows?q=кухня", f"{place}/commands?q=кухня"):
        page = (await browser.get(address)).text
        assert (
            "&lt;script&gt;alert(1)&lt;/script&gt; <mark>кухня</mark> &amp; "
            "&lt;mark&gt;доставка&lt;/mark&gt; <mark>кухню</mark>"
        ) in page
        assert "<script>alert" not in page
        assert f"message={wrote.message_id}" in page
    page = (await browser.get(f"{place}/rows?q=<script>alert")).text
    assert "&lt;<mark>script&gt;alert</mark>(1)" in page


async def test_a_thread_reaches_the_message_that_was_found(company: Company, subscribers: Subscribers) -> None:
    wrote = [await subscribers.write(f"Сообщение {n}", ago=timedelta(minutes=70 - n)) for n in range(70)]
    browser = await company.browser_of("owner")
    talk = f"/w/{company.workspace_id}/inbox/{wrote[0].conversation_id}"
    old = wrote[8].message_id
    assert f"message-{old}" not in (await browser.get(talk)).text
    for address in (talk, f"{talk}/parts"):
        page = (await browser.get(f"{address}?q=сообщение&message={old}")).text
        assert f'id="message-{old}"' in page
        assert f'id="message-{wrote[2].message_id}"' not in page
    assert (await browser.get(f"{talk}?message=999999")).status_code == 200
    assert len((await thread(company, wrote[0].conversation_id)).items) == 50


async def test_a_search_asks_the_database_once_more_however_many_rows_it_shows(
    company: Company, subscribers: Subscribers
) -> None:
    browser = await company.browser_of("owner")
    numbers = []
    for number in range(3):
        await subscribers.write("Хочу кухню", str(600 + number))
        with counted(company) as statements:
            assert (await browser.get(f"/w/{company.workspace_id}/rows?q=кухня")).text.count("<mark>") == number + 1
        numbers.append(len(statements))
    assert len(set(numbers)) == 1


def test_words_that_tell_nothing_are_asked_for_only_alone() -> None:
    assert read_words(" «Кухню» на  заказ, в 5 раз! ") == ("Кухню", "заказ", "5", "раз")
    assert read_words("@lara_home") == ("lara_home",)
    assert read_words("и да") == ("и да",)
    assert read_words("?!") == ("?!",)
    assert len(read_words(" ".join(f"слово{number}" for number in range(40)))) == MOST_WORDS


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("", ["a"], ""),
        ("ничего", ["кот"], "ничего"),
        ("КОТ и котик", ["кот"], "[КОТ] и [кот]ик"),
        (f"{OPENS}кухня{CLOSES} кухн", ["кух"], "[кухня] [кух]н"),
        ("a.c abc (", ["a.c", "("], "[a.c] abc [(]"),
        ("100% из 1000", ["100", "100%"], "[100%] из [100]0"),
    ],
)
def test_forms_and_what_was_typed_are_marked_once(text: str, words: list[str], shown: str) -> None:
    assert marked(mark(text, words)) == shown


def test_a_long_message_is_shown_from_a_little_before_the_first_mark() -> None:
    text = f"{'слово ' * 100}кухня{' и ещё' * 100}"
    shown = marked(shorten(mark(text, ["кухня"])))
    assert shown.startswith("…слово ")
    assert "[кухня]" in shown
    assert len(shown) <= LONGEST + 2
    assert shorten(()) == ()
