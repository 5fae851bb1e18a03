"""What students read of the checks is one voice: the mistake and the remedy in at most two sentences, a case in a few words."""

import re

import pytest
from conftest import COURSE

from autograder.checks import load

ASSIGNMENTS = [a for a in COURSE.assignments if (COURSE.exercises / f"{a}.py").exists()]
CODE = re.compile(r"`[^`]*`|\.\.\.|(?<=\w)\.(?=\w)|(?<!\w)\.\w+")  # its dots end no sentence
END = re.compile(r"[.!?](?= [A-Z(\d-]|$)")
NOT_OURS = re.compile(r"\b(I|[Ww]e|[Oo]ur|[Tt]he student|[Oo]bviously|[Ss]imply|[Jj]ust|[Pp]lease)\b|!$")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_mistakes_sentence_names_it_and_the_remedy(assignment):
    for each in load(COURSE, assignment).values():
        for sentence in each.mistakes:
            plain = CODE.sub("x", sentence)
            assert len(END.findall(plain)) <= 2 and sentence.endswith("."), sentence
            assert re.search(r"[;:,.] ", plain), f"a remedy is missing: {sentence}"
            assert not NOT_OURS.search(plain.replace("row i", "")), sentence
            assert len(sentence) <= 140, sentence


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_case_is_told_in_a_few_words(assignment):
    for each in load(COURSE, assignment).values():
        for case in each.cases:
            assert len(case.title) <= 75 and case.title[-1] not in ".!?", case.title
            assert not re.match("[A-Z][a-z]+ ", case.title), f"it goes on after `Case`: {case.title}"
            assert not re.search(r"\b(you|your|I|we)\b", case.title), f"it says what is tried, to anybody: {case.title}"
