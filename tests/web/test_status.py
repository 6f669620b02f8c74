"""The one table of statuses."""

from server.approval.states import State
from server.web.assets import manifest
from server.web.status import STATUS, TONES, for_permit, for_state


def test_every_status_has_a_tone_of_the_tokens_a_word_and_an_icon_of_the_sprite() -> None:
    for key, status in STATUS.items():
        assert status.tone in TONES, key
        assert status.icon in manifest().icons, key
        assert status.word
        assert status.word.isascii() is False, key


def test_every_exchange_code_has_a_status() -> None:
    for state in State:
        assert for_state(state) in STATUS


def test_thirteen_is_a_refused_permit_or_a_failed_matter() -> None:
    assert STATUS[for_state(13)].word == "不予许可"
    assert STATUS[for_state(13, permit=False)].word == "不通过"


def test_a_returned_correction_asks_the_officer_alone() -> None:
    assert STATUS[for_state(7, officer=True)].word == "补正已回"
    assert STATUS[for_state(7)].tone == "progress"


def test_every_permit_state_has_a_status() -> None:
    for state in (
        "ACTIVE",
        "EXTENDED",
        "SUSPENDED",
        "RESUMED",
        "SUPERSEDED",
        "CANCELLED",
        "REVOKED",
        "LAPSED",
        "COMPLETED",
    ):
        assert for_permit(state) in STATUS
