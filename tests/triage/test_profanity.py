"""Profanity: roots with prefixes, disguises, and innocent words beside them."""

import pytest

from moderation.triage.normalise import normalise
from moderation.triage.profanity import has_profanity


@pytest.mark.parametrize(
    "text",
    [
        "бл*, как же вкусно", "п****ц цены", "охуенный стейк", "ебать быстро", "ахуеть", "нахуй надо", "БЛЯЯЯТЬ",
        "пиZдец", "с у к а", "сyкa", "mудак", "долбоёб", "заебали", "пидорасы", "what the fuck", "bullshit",
        "бл@ть", "х*й вам", "е*ать", "выебывается", "объебали",
    ],
)  # fmt: skip
def test_obscene_words_are_found(text: str) -> None:
    assert has_profanity(normalise(text).folded)


@pytest.mark.parametrize(
    "text",
    [
        "хлеб и мебель для ребят", "себе, тебе, небо", "учебник и требования", "употребляю", "оскорблять", "сукно",
        "художник хуже", "мудрый", "команда", "дебаты и дебет", "вебинар", "себастьян", "скипидар", "страховка",
        "блин как вкусно", "дура", "ребёнок", "обед", "погребальный", "потребует", "херсон", "блюдо",
        "рассуждения", "колебания", "2 * 2", "С наилучшими", "лебедь", "стебель", "хулиган",
    ],
)  # fmt: skip
def test_innocent_words_are_not(text: str) -> None:
    assert not has_profanity(normalise(text).folded)
