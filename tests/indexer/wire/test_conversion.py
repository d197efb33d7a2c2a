"""Values survive the way through JSON."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.types import Clone, CloneGroup, CloneKind, Contribution, FunctionRef, Hit, Kind, NameRange
from fathom_indexer.wire.conversion import (
    duplicates_response_from_json,
    duplicates_response_to_json,
    search_response_from_json,
    search_response_to_json,
)
from fathom_indexer.wire.framing import decode, encode
from fathom_indexer.wire.messages import DuplicatesResponse, SearchResponse

text = st.text()
number = st.integers(0, 1000)
score = st.integers(-(10**4), 10**4).map(lambda value: value / 10**4)
function = st.builds(
    FunctionRef,
    path=text,
    name=text,
    qualified_name=text,
    kind=st.sampled_from(Kind),
    language=text,
    signature=text,
    start_line=number,
    end_line=number,
    name_range=st.none() | st.builds(NameRange, number, number, number),
    guessed=st.booleans(),
)
hit = st.builds(
    Hit,
    function=function,
    score=score,
    snippet=text,
    explanation=st.lists(st.builds(Contribution, text, score)).map(tuple),
    copies=st.lists(text).map(tuple),
    source=st.none(),
)


@given(
    st.builds(
        SearchResponse,
        hits=st.lists(hit, max_size=3).map(tuple),
        candidates=number,
        reranked=number,
        complete=st.booleans(),
        compared=st.none() | function,
        final=st.just(True),
        indexing=st.booleans(),
        message=text,
    )
)
def test_an_answer_to_a_search(response: SearchResponse) -> None:
    line = encode(search_response_to_json(response, explain=True))
    assert search_response_from_json(decode(line)) == response


clone = st.builds(Clone, function=function, kind=st.sampled_from(CloneKind), similarity=score)
group = st.builds(
    CloneGroup,
    kind=st.sampled_from(CloneKind),
    similarity=score,
    tokens=number,
    key=text,
    clones=st.lists(clone, max_size=3).map(tuple),
)


@given(st.builds(DuplicatesResponse, st.lists(group, max_size=3).map(tuple), st.booleans(), text))
def test_groups_of_duplicates(response: DuplicatesResponse) -> None:
    line = encode(duplicates_response_to_json(response))
    assert duplicates_response_from_json(decode(line)) == response
