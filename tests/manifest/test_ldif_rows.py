"""LDIF, as `ldapsearch` writes it."""

import base64

import pytest

from tests.manifest.export import ldif_export, values

TWO = """\
version: 1

# a comment
 that goes on
dn: uid=ann,ou=people,dc=example,dc=com
objectClass: person
objectClass: inetOrgPerson
uid: ann
mail: ann@
 example.com

dn:: dWlkPWLDvHI=
uid:  ben
mail:: YsO8cg==
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_entries_are_records_and_attributes_are_columns(end: str) -> None:
    export = ldif_export(TWO.replace("\n", end))
    assert export.rows("uid", "mail", "dn") == [
        (5, ("ann", "ann@example.com", "uid=ann,ou=people,dc=example,dc=com")),
        (12, ("ben", "bür", "uid=bür")),
    ]


def test_an_attribute_that_one_entry_does_not_have_is_empty_text() -> None:
    export = ldif_export("dn: a\nmail: x\n\ndn: b\n")
    assert values(export.rows("dn", "mail")) == [("a", "x"), ("b", "")]


def test_an_attribute_that_no_entry_has_is_an_error_with_a_hint() -> None:
    assert ldif_export(TWO).error("Mail") == (
        "export: there is no column `Mail` (did you mean `mail`?)"
    )


def test_the_result_of_a_whole_search_is_no_entry() -> None:
    result = "\n# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 3\n"
    assert len(ldif_export(TWO + result).rows("uid")) == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "dn: a\n\nsearch: 2\nresult: 4 Size limit exceeded\n",
            "3: the search is not complete: `result: 4 Size limit exceeded`",
        ),
        ("dn: a\nmail: x\nmail: y\n", "3: the entry has several values of `mail`"),
        ("dn: a\nmail:< file:///etc/passwd\n", "2: the value of `mail` is in another file"),
        ("dn: a\nmail:: YQ\ufeff==\n", "2: the value of `mail` is not UTF-8 text in base64"),
        ("dn: a\nmail:: ?\n", "2: the value of `mail` is not UTF-8 text in base64"),
        ("dn: a\nmail:: /w==\n", "2: the value of `mail` is not UTF-8 text in base64"),
        ("dn: a\nmail:: AA==\n", "2: the value of `mail` holds a null character"),
        ("dn: a\nmail\n", "2: not LDIF: the line has no `:`"),
        (" x\n", "1: the line continues no other"),
        ("mail: x\n", "1: this is no entry: it does not begin with `dn`"),
        ("dn: a\nchangetype: delete\n", "1: this is a change, not an entry"),
    ],
)
def test_what_is_no_entry_is_an_error(text: str, error: str) -> None:
    assert ldif_export(text).error("mail").startswith(f"export:{error} (")


def test_binary_values_that_are_not_needed_are_passed_over() -> None:
    photo = base64.b64encode(b"\xff\xd8\0" * 9).decode()
    export = ldif_export(f"dn: a\njpegPhoto:: {photo}\nmail: x\n")
    assert export.rows("mail") == [(1, ("x",))]


def test_a_last_line_without_an_end_is_cut_off() -> None:
    text = "dn: cn=a\nmail: a@example.com\n\ndn: cn=b\nmail: b@example.co"
    assert ldif_export(text).error("mail") == (
        "export:5: the last line has no end: the export is cut off (export it again)"
    )
    assert len(ldif_export(f"{text}m\n").rows("mail")) == 2
