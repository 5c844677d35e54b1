"""What is made of a paste before it is parsed."""

from hypothesis import given
from hypothesis import strategies as st

from asynclab.terminal.driver import END, PICTURE, START, PasteFilter

PIECES = st.sampled_from([START, END, "\x1b", "\x1b[", "\x1b[20", "\x1b[31m", "q", "text", "\x1b[A", "é"])


def test_escape_characters_within_a_paste_are_made_visible_and_keys_around_it_are_left_alone() -> None:
    typed = f"\x1b[A{START}a \x1b[31mq\x1b]0;title\x07{END}\x1b[Bx"
    assert PasteFilter().feed(typed) == f"\x1b[A{START}a {PICTURE}[31mq{PICTURE}]0;title\x07{END}\x1b[Bx"


def test_an_escape_key_outside_a_paste_is_not_kept_back() -> None:
    assert PasteFilter().feed("\x1b") == "\x1b"


def test_what_may_be_the_beginning_of_the_end_waits_for_more() -> None:
    pastes = PasteFilter()
    assert pastes.feed(f"{START}text\x1b[20") == f"{START}text"
    assert pastes.feed("2~") == f"{PICTURE}[202~"
    assert pastes.feed("\x1b[201") == ""
    assert pastes.feed("~\x1b[A") == f"{END}\x1b[A"


@given(st.lists(PIECES), st.data())
def test_it_does_not_matter_in_which_parts_a_paste_comes(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, pieced = PasteFilter(), PasteFilter()
    at_once = whole.feed(text)
    assert "".join(map(pieced.feed, parts)) + pieced.feed(END) == at_once + whole.feed(END)
