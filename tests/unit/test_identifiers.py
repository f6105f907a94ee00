from hypothesis import example, given
from hypothesis import strategies as st

from contact_deletion.requests.identifiers import IdentifierType, canonical, may_exist

identifier_types = st.sampled_from(IdentifierType)


@given(identifier_types, st.text())
@example(IdentifierType.EMAIL, "\u1fbc\u0301@example.com")
@example(IdentifierType.PHONENUMBERID, "+ +15550000001")
def test_the_canonical_spelling_is_its_own(identifier_type: IdentifierType, text: str) -> None:
    spelling = canonical(identifier_type, text)

    assert canonical(identifier_type, spelling) == spelling


@given(identifier_types, st.text())
def test_what_may_exist_has_a_spelling(identifier_type: IdentifierType, text: str) -> None:
    assert canonical(identifier_type, text) or not may_exist(identifier_type, text)
