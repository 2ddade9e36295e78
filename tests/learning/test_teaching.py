"""Learning from the team, on the whole real path: intake, corrections, the job, and what is tagged after that."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import update

from inbox.core.database import EVERY_WORKSPACE
from inbox.core.errors import ConflictError, NotFoundError
from inbox.core.events import TrainModel
from inbox.core.jobs import JobRunner
from inbox.learning.models import LearnedModel, ModelState
from inbox.learning.service import GATHERED, begin_training, put_back, retrain_outdated
from inbox.organisations.models import Workspace
from inbox.worker import train
from moderation.learning.judging import Lesson, learn
from moderation.learning.teaching import TOO_FEW, shipped, train_model
from moderation.triage.classify import LinearTagger
from moderation.triage.own import seal_own
from tests.company import Company, shipped_tagger
from tests.desk import until
from tests.learning.slang import SLANG, Project, deal, labels_of, macro_f1

TAUGHT = 100
DEALS = (7, 1, 2, 3)


@pytest.fixture
async def project(company: Company) -> Project:
    return Project(company)


async def run_jobs(project: Project) -> None:
    """A worker takes the trainings that are asked for, until none is under way."""
    context, stop = project.company.context, asyncio.Event()
    runner = JobRunner(context.database.url)

    async def run(job: TrainModel) -> None:
        await train(context, job)

    async def is_done() -> bool:
        return all(one.state is not ModelState.TRAINING for one in await project.trainings())

    runner.register(TrainModel, run)
    running = asyncio.create_task(runner.run(stop))
    try:
        await until(is_done)
    finally:
        stop.set()
        await running


async def test_a_hundred_corrections_make_what_nobody_corrected_right_more_often(project: Project) -> None:
    taught, unseen = deal(TAUGHT)
    ids = await project.receive(taught)
    await project.correct({text: ids[text] for text in taught[: GATHERED - 1]})
    assert await project.trainings() == []
    await project.correct({text: ids[text] for text in taught[GATHERED - 1 :]})
    (asked,) = await project.trainings()
    assert (asked.state, asked.asked_by_id) == (ModelState.TRAINING, None)

    await run_jobs(project)
    (made,) = await project.trainings()
    assert (made.state, made.is_live, made.examples, made.failure) == (ModelState.READY, True, TAUGHT, None)

    rest = await project.receive(unseen)
    after = await project.rows(rest)
    base = shipped_tagger()
    assert {one.model_version for one in after.values()} == {f"{base.model_version}+{made.version}"}
    before = labels_of(unseen, base.tag(unseen, hurried=True))
    was, now = macro_f1(before), macro_f1(await project.tags(rest))
    gains = {task: now[task] - was[task] for task in was}
    assert gains["intent"] >= 0.1, (was, now)
    assert sum(gains.values()) / len(gains) >= 0.06, (was, now)  # one deal is luck; the next test asks for 0.07 of four
    assert_no_worse_elsewhere(made)

    elsewhere = await project.receive(unseen[:5], project.company.second_channel_id)
    assert {one.model_version for one in (await project.rows(elsewhere)).values()} == {base.model_version}

    await put_back_to(project, None)
    again = await project.receive(["опять кисель у костра, ребята"])
    assert [one.model_version for one in (await project.rows(again)).values()] == [base.model_version]
    await put_back_to(project, made.id)
    again = await project.receive(["снова кисель у костра, ребята"])
    assert [one.model_version for one in (await project.rows(again)).values()] == [
        f"{base.model_version}+{made.version}"
    ]


@pytest.mark.timeout(400)  # four trainings, each of a dozen seconds of a free core
def test_over_several_deals_a_hundred_corrections_bring_seven_points() -> None:
    tagger = shipped(shipped_tagger())
    gains = [gain_by_a_hundred(tagger, deal(TAUGHT, seed)) for seed in DEALS]
    assert sum(gains) / len(gains) >= 0.07, gains


def gain_by_a_hundred(tagger: LinearTagger, dealt: tuple[list[str], list[str]]) -> float:
    """In macro-F1 of what was not corrected, the mean of the tasks."""
    taught, unseen = dealt
    verdict = learn(tagger, [Lesson(text, SLANG[text]) for text in taught], lambda _: None)
    assert verdict.head is not None
    was, now = (
        macro_f1(labels_of(unseen, tagger.tag(unseen, own, hurried=True))) for own in (None, seal_own(verdict.head))
    )
    return sum(now[task] - was[task] for task in was) / len(was)


def assert_no_worse_elsewhere(made: LearnedModel) -> None:
    """By the figures that let it go live."""
    kept = [figures for figures in made.figures.values() if isinstance(figures, Mapping) and figures["kept"]]
    assert kept
    for figures in kept:
        assert figures["after"] > figures["before"]
        assert figures["test_after"] >= figures["test_before"] - 0.01


async def put_back_to(project: Project, model_id: int | None) -> None:
    company = project.company
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await put_back(
            session, company.workspace_id, model_id, company.people["owner"].agent_id, company.context.clock()
        )


async def test_a_model_that_is_no_better_does_not_go_live(project: Project) -> None:
    taught, _ = deal(40)
    ids = await project.receive(taught)
    owner = await project.company.client_of("owner")
    for text, one in (await project.rows(ids)).items():
        answer = await owner.put(f"/api/v1/messages/{ids[text]}/tags", json={"intent": one.intent.value})
        assert answer.status_code == 200
    await ask(project)
    await run_jobs(project)
    (made,) = await project.trainings()
    assert (made.state, made.is_live, made.version) == (ModelState.REFUSED, False, "")
    with pytest.raises(ConflictError):
        await put_back_to(project, made.id)


async def ask(project: Project) -> LearnedModel:
    company = project.company
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        return await begin_training(
            session, company.workspace_id, company.people["owner"].agent_id, company.context.clock()
        )


async def test_one_training_at_a_time_and_a_repeated_job_finds_it_finished(project: Project) -> None:
    asked = await ask(project)
    with pytest.raises(ConflictError):
        await ask(project)
    job = TrainModel(workspace_id=project.company.workspace_id, model_id=asked.id)
    await train_model(project.company.context, job)
    await train_model(project.company.context, job)
    (ended,) = await project.trainings()
    assert (ended.state, ended.failure) == (ModelState.REFUSED, TOO_FEW)
    with pytest.raises(NotFoundError):
        await put_back_to(project, 10**6)


async def test_a_training_that_died_long_ago_holds_up_no_other(project: Project) -> None:
    first = await ask(project)
    project.company.clock.advance(timedelta(hours=2))
    second = await ask(project)
    states = {one.id: one.state for one in await project.trainings()}
    assert states == {first.id: ModelState.FAILED, second.id: ModelState.TRAINING}


async def test_a_model_of_an_older_classifier_or_a_damaged_one_is_not_used_and_made_again(project: Project) -> None:
    company, base = project.company, shipped_tagger().model_version
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            LearnedModel(
                workspace_id=company.workspace_id, state=ModelState.READY, is_live=True, version="abc",
                base_version="older", content=b"no head at all", started_at=company.context.clock(),
            )
        )  # fmt: skip
    ids = await project.receive(["сколько стоит диван?"])
    assert [one.model_version for one in (await project.rows(ids)).values()] == [base]
    for _ in range(2):
        async with company.context.transaction(EVERY_WORKSPACE) as session:
            await retrain_outdated(session, base, company.context.clock())
    assert [one.state for one in await project.trainings()] == [ModelState.READY, ModelState.TRAINING]


async def test_tags_under_the_projects_own_threshold_are_unsure(project: Project) -> None:
    company = project.company
    text = "сколько стоит диван?"
    assert shipped_tagger().tag([text])[0].unsure == frozenset()
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(update(Workspace).where(Workspace.id == company.workspace_id).values(unsure_below=0.9999))
    here = await project.receive([text])
    there = await project.receive([text], company.second_channel_id)
    assert "intent" in (await project.rows(here))[text].unsure
    assert (await project.rows(there))[text].unsure == []
