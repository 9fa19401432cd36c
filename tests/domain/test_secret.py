"""A secret is written nowhere."""

import copy
import pickle

import msgspec
import pytest

from reconciler.domain import REDACTED, Secret

VALUE = "tok-3f9a"
SECRET = Secret(VALUE)


def test_a_secret_is_revealed_only_on_request() -> None:
    assert SECRET.reveal() == VALUE


@pytest.mark.parametrize(
    "written",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET:>20}",
        f"{SECRET!r}",
        "{}".format(SECRET),  # noqa: UP032
        "%s" % SECRET,  # noqa: UP031
        repr([SECRET]),
        repr({"key": SECRET}),
    ],
)
def test_whatever_is_written_of_a_secret_is_redacted(written: str) -> None:
    assert VALUE not in written
    assert REDACTED in written


def test_a_secret_cannot_be_encoded_as_json() -> None:
    with pytest.raises(TypeError) as caught:
        msgspec.json.encode({"key": SECRET})
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_cannot_be_pickled_or_copied(duplicate: object) -> None:
    assert callable(duplicate)
    with pytest.raises(TypeError, match="cannot be pickled"):
        duplicate(SECRET)


def test_a_secret_has_no_attributes_to_list() -> None:
    assert not hasattr(SECRET, "__dict__")


def test_secrets_are_equal_where_their_values_are() -> None:
    assert Secret("clé") == Secret("clé")
    assert Secret("clé") != Secret("cle")
    assert hash(Secret("clé")) == hash(Secret("clé"))


def test_a_secret_is_not_equal_to_its_value() -> None:
    assert SECRET != VALUE
