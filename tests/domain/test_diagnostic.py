"""Errors in what people wrote, in an order."""

from reconciler.domain import Diagnostic, SourceLocation


def test_diagnostics_with_and_without_place_and_hint_have_one_order() -> None:
    nowhere = Diagnostic(None, "b")
    hinted = Diagnostic(SourceLocation("a.yaml", 2, 1), "x", "y")
    plain = Diagnostic(SourceLocation("a.yaml", 2, 1), "x")
    first = Diagnostic(SourceLocation("a.yaml", 1, 9), "z")
    in_order = [nowhere, first, plain, hinted]
    mixed = [hinted, first, nowhere, plain]
    assert sorted(mixed, key=lambda diagnostic: diagnostic.order) == in_order


def test_a_place_is_written_as_far_as_it_is_known() -> None:
    places = [SourceLocation("a"), SourceLocation("a", 2), SourceLocation("a", 2, 3)]
    assert [str(place) for place in places] == ["a", "a:2", "a:2:3"]
