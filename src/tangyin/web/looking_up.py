"""The API of the references: rhymes, characters, lines of the corpus, what is opposite a word."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from tangyin import reference
from tangyin.web.answers import AnyWork
from tangyin.web.bodies import FindQuery, PoemQuery, WordQuery

router = APIRouter()

Word = Annotated[WordQuery, Query()]


@router.get("/rhyme", response_model=reference.Rhymes)
async def rhyme(asked: Word, work: AnyWork) -> Any:
    """The rhyme with a name, or those of a character, commonest characters first."""
    return await _answer(work, lambda: reference.rhymes(asked.word, asked.count), asked.script)


@router.get("/character", response_model=reference.Characters)
async def character(asked: Word, work: AnyWork) -> Any:
    """Readings of a character with `count` examples each, and the places of a line it fits."""
    return await _answer(work, lambda: reference.characters(asked.word, asked.count), asked.script)


@router.get("/find", response_model=reference.Lines)
async def find(asked: Annotated[FindQuery, Query()], work: AnyWork) -> Any:
    """The lines of the corpus with a word."""

    def found() -> reference.Lines:
        return reference.find(asked.word, asked.count, asked.first)

    return await _answer(work, found, asked.script)


@router.get("/poem", response_model=reference.Record)
async def poem(asked: Annotated[PoemQuery, Query()], work: AnyWork) -> Any:
    """A poem of the corpus by its id."""
    return await _answer(work, lambda: reference.poem(asked.id), asked.script)


@router.get("/parallel", response_model=reference.Opposites)
async def parallel(asked: Word, work: AnyWork) -> Any:
    """What poets set opposite a word, and candidates of the antithesis model."""
    return await _answer(work, lambda: reference.parallel(asked.word, asked.count), asked.script)


async def _answer(work: AnyWork, ask: Callable[[], Any], script: str) -> Any:
    """An answer in a script, as JSON values."""
    return await work.once(
        lambda: reference.in_script(asdict(ask()), script), "reference", quick=True
    )
