"""Queries for a function, derived by rule from its documentation and name.

Nothing is invented: every word comes from the documentation or the name, but for the frames of a question.
"""

from __future__ import annotations

import random
import re

from fathom_indexer.identifiers import split_identifier
from fathom_research.training.data.documentation import first_sentence, words

KEYWORDS = (2, 6)
"""Fewest and most words of a keyword query."""
QUESTION_WORDS = 14
"""Words of a question at most, its frame aside."""

_TELLING_WORDS = 2

_STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below between both but
    by can could did do does doing done down during each either else etc even ever every few for from further given
    had has have having he her here hers him his how however i if in into is it its itself just like may me might
    more most must my need needs no nor not of off on once one only onto or other otherwise our out over own per
    please same see shall she should so some such than that the their them then there these they this those through
    thus to too under until up upon us use used uses using very via was we well were what when where whether which
    while who whom whose why will with within without would yet you your
    """.split()
)
_WEAK_WORDS = frozenset(
    """
    true false function method class object value values return returns returned call calls called calling get gets
    set sets make makes new given specified current provided helper instance type
    """.split()
)
_LANGUAGE_NAMES = {"cpp": "c++", "csharp": "c#"}
_ADDED_S = re.compile(r"(?:[^aeiou]ies|(?:sh|ch|ss|x|zz|o)es|[^su]s)\Z")
_DOES_NOT_INFLECT = frozenset(
    "this is has was does its as various less unless alias bias status class process access address always".split()
)
_NOT_VERBS = frozenset(
    """
    a an the this that these those it its if when whether for in on by with true false default default's number list
    name map set string internal note used same like all any each every some no not only see we you i is are
    """.split()
)
_OBJECT_STARTS = frozenset("the a an all whether any each if this that number its one every given".split())
_NOT_OBJECTS = frozenset("for of in to on with from that and or are is as at by into used which".split())
_VERBS = frozenset(
    """
    accept access acquire activate adapt add adjust advance align allocate allow analyze animate append apply assert
    assign attach attempt authenticate bind block build calculate call cancel capture cast change check choose clean
    clear clone close collapse collect combine compare compile complete compute concatenate configure confirm
    connect construct convert copy count create cut deactivate decide declare decode decompress decrypt define
    delete deliver dequeue derive describe deserialize destroy detach detect determine disable discard disconnect
    dispatch display divide download draw drop dump emit enable encode encrypt end enqueue ensure enter enumerate
    escape estimate evaluate examine execute exit expand export extend extract fetch fill filter find fit flatten
    flip flush force format forward generate get give go grant group grow handle hash hide identify ignore implement
    import increase increment index infer initialize initialise inject insert inspect install instantiate intersect
    interpolate invalidate invert invoke iterate join jump keep launch learn limit link list listen load locate lock
    log look lower make manage map mark match measure merge modify move multiply negate normalize notify obtain open
    optimize order override pack pad parse patch perform pick play plot poll pop populate post predict prepare
    prepend prevent print process produce project propagate prune publish pull push put query queue quote raise
    randomize read rebuild receive recompute record redirect reduce refresh register release reload remove rename
    render reorder repeat replace report request require reset resize resolve restore resume retrieve return reverse
    revert rotate round run sample sanitize save scale scan schedule search select send serialize set setup shift
    show shrink shuffle simplify simulate skip sleep slice solve sort specify split start stop store strip submit
    subscribe subtract sum suspend swap switch synchronize take tell terminate test throw toggle trace track train
    transform translate transpose traverse trigger trim truncate try turn undo unescape unload unlock unpack
    unregister unsubscribe unwrap update upgrade upload use validate verify visit wait walk wrap write yield zip
    """.split()
)
_SUFFIXES = ("ations", "ation", "ings", "ing", "ers", "ies", "ions", "ion", "ed", "er", "es", "s", "e", "y")
_RETURN_VERBS = frozenset({"return", "returns", "retrieve", "retrieves"})


def keyword_query(description: str, name: str, rng: random.Random) -> str | None:
    """A few content words of the first sentence, sometimes with words of the name; None if there are too few."""
    content = [word.lower() for word in words(first_sentence(description)) if _is_content(word)]
    strong = [word for word in content if word not in _WEAK_WORDS] or content
    chosen = list(dict.fromkeys(strong))
    own = [part.lower() for part in split_identifier(name) if len(part) > 1 and part.lower() not in _STOP_WORDS]
    if own and rng.random() < 0.5:
        chosen = list(dict.fromkeys([*own, *chosen]))
    if len(chosen) < KEYWORDS[0]:
        return None
    count = min(len(chosen), rng.randint(KEYWORDS[0] + 1, KEYWORDS[1]))
    picked = sorted(rng.sample(range(len(chosen)), count))
    return " ".join(chosen[index] for index in picked)


def question_query(description: str, name: str, language: str, rng: random.Random) -> str | None:
    """The first sentence as a question or a request; None where it does not begin with a verb."""
    clause = _clause(without_own_name(description, name))
    if clause is None:
        return None
    spoken = _LANGUAGE_NAMES.get(language, language)
    frames = (
        "how to {clause}",
        "how to {clause} in {language}",
        "how do i {clause}?",
        "how can I {clause} in {language}?",
        "{language} how to {clause}",
        "{language} {clause}",
        "{clause} in {language}",
        "{clause}",
        "function to {clause}",
        "where do we {clause}?",
        "code that is able to {clause}",
        "way to {clause}",
    )
    return rng.choice(frames).format(clause=clause, language=spoken)


def without_own_name(description: str, name: str) -> str:
    """The description without the function's name that it begins with, as in Go's comments or in `name - words`."""
    first, _, rest = description.partition(" ")
    rest = re.sub(r"^(?:[-–:]+|method|function)\s+", "", rest)
    return rest if first.strip("().:,'\"") == name and len(words(rest)) >= 3 else description


def is_hard(description: str, name: str) -> bool:
    """Whether no content word of the description, inflection aside, occurs in the function's name."""
    own = {_stem(part.lower()) for part in split_identifier(name)}
    joined = name.lower().replace("_", "")
    return not any(
        _stem(word) in own or (len(word) > 3 and _stem(word) in joined) for word in content_words(description)
    )


def is_telling(description: str) -> bool:
    """Whether at least two words say what this function does and another does not: not so `Helper function to use`."""
    return len({word for word in content_words(description) if word not in _WEAK_WORDS}) >= _TELLING_WORDS


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in lower case and in order, with repeats."""
    return [part.lower() for word in words(text) for part in split_identifier(word) if _is_content(part)]


def stems(text: str) -> frozenset[str]:
    """The content words of a text without inflection."""
    return frozenset(_stem(word) for word in content_words(text))


def _clause(description: str) -> str | None:
    """`Returns the number of rows.` -> `return the number of rows`; None where no verb leads."""
    sentence = re.sub(r"\([^()]*\)", "", first_sentence(description)).strip().rstrip(".!?:;, ")
    sentence = re.split(r"[;:]\s|\s[-–]+\s|,\s(?:which|where|so|or|and|if|but|as|then)\b|\.\s", sentence)[0].strip()
    parts = sentence.split()
    if not 3 <= len(parts) <= QUESTION_WORDS:
        return None
    verb = parts[0].lower()
    if not verb.isalpha() or verb in _NOT_VERBS or parts[0].isupper():
        return None
    base = _base_verb(verb)
    following = parts[1].lower()
    # Other words may be nouns, such as `Labels of the rows` or `Row parser`, unless an object follows.
    is_verb = base in _VERBS or following in _OBJECT_STARTS or (base != verb and following not in _NOT_OBJECTS)
    if not is_verb:
        return None
    if base in _RETURN_VERBS:
        base = "get"
    rest = [part if _keeps_case(part) else part.lower() for part in parts[1:]]
    return " ".join([base, *rest])


def _keeps_case(word: str) -> bool:
    return not word[:1].isupper() or any(character.isupper() for character in word[1:])


def _base_verb(verb: str) -> str:
    """The infinitive of a verb in the third person; the word itself if it does not look like one."""
    if verb in _DOES_NOT_INFLECT or len(verb) < 4 or not _ADDED_S.search(verb):
        return verb
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if verb.endswith(("shes", "ches", "sses", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb[:-1]


def _is_content(word: str) -> bool:
    return len(word) > 1 and word.lower() not in _STOP_WORDS


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word
