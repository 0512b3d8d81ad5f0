"""What every ``Control`` must do: the same tests over a fake, over HTTP, and over the real thing.

Subclass it in a test module and give a ``control`` fixture over the world of ``tests.control.world``: its three
endpoints, and its four requests in the log.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import anyio
import pytest

from cccc.control.api import (
    SET_UP,
    ClientAnswered,
    ClientAsked,
    ClientGot,
    ClientOptions,
    ClientState,
    ClientType,
    Control,
    EndpointAction,
    EndpointChanged,
    EndpointDraft,
    FieldKind,
    FlowEnded,
    Moves,
    Outcome,
    RequestFilter,
    Secret,
    Span,
    Standing,
    StatsKey,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    Verdict,
    WhatIf,
    WireFormat,
)
from cccc.errors import ConfigError, NotRunning, UnknownEndpoint, UnknownRequest
from tests.control import world


@pytest.mark.anyio
class ControlContract:
    async def test_counts_the_endpoints(self, control: Control) -> None:
        overview = await control.overview()
        assert overview.endpoints_total == 3
        assert overview.endpoints_usable <= overview.endpoints_total

    async def test_lists_the_endpoints_in_the_order_of_the_file(self, control: Control) -> None:
        assert [view.name for view in await control.endpoints()] == ["alpha", "beta", "gamma"]

    async def test_switches_an_endpoint_off_and_on(self, control: Control) -> None:
        assert not (await control.endpoint_action("alpha", EndpointAction.DISABLE)).enabled
        assert not (await control.endpoints())[0].enabled
        assert (await control.endpoint_action("alpha", EndpointAction.ENABLE)).enabled

    async def test_sets_a_priority(self, control: Control) -> None:
        assert (await control.endpoint_action("beta", EndpointAction.PRIORITY, priority=7)).priority == 7
        assert (await control.endpoints())[1].priority == 7

    async def test_a_reset_makes_an_endpoint_usable(self, control: Control) -> None:
        view = await control.endpoint_action("beta", EndpointAction.RESET)
        assert view.health is not Standing.UNUSABLE
        assert view.cooldown_until is None

    async def test_an_unknown_endpoint_is_named_with_its_nearest(self, control: Control) -> None:
        with pytest.raises(UnknownEndpoint) as caught:
            await control.endpoint_action("alpah", EndpointAction.RESET)
        assert (caught.value.name, caught.value.nearest) == ("alpah", "alpha")

    async def test_lists_requests_oldest_first(self, control: Control) -> None:
        rows = await control.requests()
        assert [row.id for row in rows] == [record.id for record in world.RECORDS]
        assert [row.seq for row in rows] == sorted(row.seq for row in rows)

    async def test_the_limit_keeps_the_newest(self, control: Control) -> None:
        assert [row.id for row in await control.requests(limit=2)] == [world.FAILED.id, world.GONE.id]

    async def test_after_gives_only_newer_rows(self, control: Control) -> None:
        rows = await control.requests()
        assert await control.requests(after=rows[1].seq) == rows[2:]
        assert await control.requests(after=rows[-1].seq) == ()

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (RequestFilter(failed=True), [world.FAILED]),
            (RequestFilter(client_type=ClientType.CODEX), [world.FAILED]),
            (RequestFilter(endpoint="beta"), [world.FAILED_OVER, world.FAILED]),
            (RequestFilter(status_min=400, client_type=ClientType.CLAUDE_CODE), [world.GONE]),
            (RequestFilter(verdict=Verdict.OK_AFTER_FAILOVER), [world.FAILED_OVER]),
            (RequestFilter(since=world.GONE.time), [world.GONE]),
        ],
    )
    async def test_filters(self, control: Control, wanted: RequestFilter, expected: list[Any]) -> None:
        assert [row.id for row in await control.requests(wanted)] == [record.id for record in expected]

    async def test_finds_a_request_by_a_unique_prefix(self, control: Control) -> None:
        found = await control.request(world.FAILED_OVER.id[:-1])
        assert replace(found, cost_usd=None) == world.FAILED_OVER, "the log adds the price where it knows one"

    @pytest.mark.parametrize(("request_id", "ambiguous"), [("req_01", True), ("req_99", False), ("?/ä", False)])
    async def test_an_unknown_request_says_so(self, control: Control, request_id: str, ambiguous: bool) -> None:
        with pytest.raises(UnknownRequest) as caught:
            await control.request(request_id)
        assert (caught.value.request_id, caught.value.ambiguous) == (request_id, ambiguous)

    async def test_no_id_is_no_request(self, control: Control) -> None:
        with pytest.raises(UnknownRequest):
            await control.request("")

    async def test_reads_back_what_flowed(self, control: Control) -> None:
        async with aclosing(control.watch(world.FAILED_OVER.id)) as flow:
            pieces = [piece async for piece in flow]
        asked, *between, ended = pieces
        assert isinstance(asked, ClientAsked)
        assert (asked.method, asked.body, asked.at_ms) == ("POST", world.FAILED_OVER.request_body, 0.0)
        assert [type(piece) for piece in between if not isinstance(piece, ClientAnswered | ClientGot)] == (
            [UpstreamAsked, UpstreamAnswered, UpstreamEnded] * 2
        )
        assert [piece for piece in between if isinstance(piece, ClientAnswered | ClientGot)] == [
            ClientAnswered(200, world.FAILED_OVER.response_headers, 900.0),
            ClientGot(None, world.FAILED_OVER.response_body or b"", 4_300.0),
        ]
        assert [piece.attempt for piece in between if isinstance(piece, UpstreamAsked)] == [1, 2]
        assert [piece.error for piece in between if isinstance(piece, UpstreamEnded)] == [
            "overloaded_error: Overloaded",
            None,
        ]
        assert isinstance(ended, FlowEnded)
        assert ended.record.id == world.FAILED_OVER.id

    async def test_what_cannot_be_sent_again(self, control: Control) -> None:
        with pytest.raises(UnknownRequest):
            await control.replay("req_99")
        with pytest.raises((NotRunning, UnknownEndpoint)):
            await control.replay(world.OK.id, endpoint="alpah")

    async def test_a_request_is_saved_with_all_that_flowed(self, control: Control) -> None:
        with zipfile.ZipFile(io.BytesIO(await control.save(world.FAILED_OVER.id))) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
        assert {"README.txt", "request.json", "client/body.json", "client/answer.txt", "flow.jsonl"} <= names
        assert {"attempts/1-alpha/head.txt", "attempts/2-beta/head.txt"} <= names
        with pytest.raises(UnknownRequest):
            await control.save("req_99")

    async def test_an_unknown_request_cannot_be_watched(self, control: Control) -> None:
        with pytest.raises(UnknownRequest):
            async for _ in control.watch("req_99"):
                pass

    async def test_ranks(self, control: Control) -> None:
        ranking = await control.rank(ClientType.CLAUDE_CODE, model="claude-opus-4-5")
        assert ranking.order[0].name == "alpha"
        assert [one.name for one in ranking.excluded if one.name == "gamma"] == ["gamma"]

    @pytest.mark.parametrize("by", list(StatsKey))
    async def test_gives_statistics(self, control: Control, by: StatsKey) -> None:
        stats = await control.stats(by, since=world.NOW - 3600)
        assert (stats.by, stats.since) == (by, world.NOW - 3600)

    @pytest.mark.parametrize(("endpoint", "client_type"), [("nobody", None), ("nobody", ClientType.CODEX)])
    async def test_statistics_of_nobody_are_empty(
        self, control: Control, endpoint: str, client_type: ClientType | None
    ) -> None:
        stats = await control.stats(StatsKey.MODEL, since=0.0, endpoint=endpoint, client_type=client_type)
        assert stats.groups == ()

    @pytest.mark.parametrize("span", list(Span))
    async def test_a_series_counts_every_request_in_its_bucket(self, control: Control, span: Span) -> None:
        series = await control.series(span)
        assert (series.span, series.until) == (span, world.NOW)
        assert [bucket.time for bucket in series.buckets] == [
            series.since + at * span.bucket_s for at in range(len(series.buckets))
        ]
        assert series.buckets[-1].time <= world.NOW < series.buckets[-1].time + span.bucket_s
        assert sum(bucket.requests for bucket in series.buckets) == series.totals.requests == len(world.RECORDS)
        assert sum(sum(bucket.parts.values()) for bucket in series.buckets) == series.totals.requests
        assert (series.totals.failovers, series.totals.recovered) == (1, 1)
        assert series.before.requests == 0
        assert [(one.outcome, one.requests) for one in series.errors] == [(Outcome.HEAD_TIMEOUT, 1)]
        assert (WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT) in {(one.asked, one.sent) for one in series.conversions}

    async def test_a_series_of_one_kind_of_client(self, control: Control) -> None:
        assert (await control.series(Span.HOUR, client_type=ClientType.CODEX)).totals.requests == 1

    async def test_the_activity_of_every_endpoint_minute_by_minute(self, control: Control) -> None:
        activity = await control.activity(5)
        assert [one.name for one in activity] == ["alpha", "beta", "gamma"]
        for one in activity:
            assert [minute.time for minute in one.minutes] == [world.NOW - at * 60 for at in (4, 3, 2, 1, 0)]

    async def test_an_endpoint_closely(self, control: Control) -> None:
        detail = await control.endpoint_detail("alpha")
        assert (detail.activity.name, len(detail.activity.minutes)) == ("alpha", 60)
        moved = next(attempt for attempt in detail.recent if attempt.outcome is Outcome.OVERLOADED)
        assert (moved.request_id, moved.next_endpoint, moved.usage) == (world.FAILED_OVER.id, "beta", None)

    async def test_nobody_knows_an_unknown_endpoint_closely(self, control: Control) -> None:
        with pytest.raises(UnknownEndpoint):
            await control.endpoint_detail("alpah")

    async def test_ranks_as_it_would_be(self, control: Control) -> None:
        down = await control.rank(ClientType.CLAUDE_CODE, what_if={"alpha": WhatIf(down=True)})
        assert "alpha" not in [one.name for one in down.order]
        assert (await control.rank(ClientType.CLAUDE_CODE)).order[0].name == "alpha", "nothing has changed"

    async def test_supposes_nothing_of_unknown_endpoints(self, control: Control) -> None:
        with pytest.raises(UnknownEndpoint):
            await control.rank(ClientType.CLAUDE_CODE, what_if={"alpah": WhatIf(priority=3)})

    async def test_which_requests_would_have_gone_elsewhere(self, control: Control) -> None:
        moves = await control.moves(ClientType.CLAUDE_CODE, {"alpha": WhatIf(down=True)})
        assert moves.checked == 3
        assert [(move.request_id, move.before, move.after) for move in moves.moves] == [
            (record.id, "alpha", "beta") for record in (world.GONE, world.FAILED_OVER, world.OK)
        ]
        assert await control.moves(ClientType.CLAUDE_CODE, {}, last=1) == Moves(1, ())

    async def test_what_would_move_an_endpoint_up(self, control: Control) -> None:
        with pytest.raises(UnknownEndpoint):
            await control.ways_up("alpah", ClientType.CLAUDE_CODE)
        assert await control.ways_up("alpha", ClientType.CLAUDE_CODE, what_if={"beta": WhatIf(priority=7)}) == ()

    async def test_checks_a_configuration(self, control: Control) -> None:
        assert await control.config_check("endpoints: []\n", toml=False) == ()
        assert any(problem.fatal for problem in await control.config_check("endpoints: 3\n", toml=False))

    async def test_shows_the_configuration(self, control: Control) -> None:
        assert "server.port" in {value.key for value in (await control.config()).values}

    async def test_the_configuration_is_a_form(self, control: Control) -> None:
        form = await control.config_form()
        fields = {field.key: field for section in form.sections for field in section.fields}
        assert (fields["routing.max_attempts"].kind, fields["routing.max_attempts"].most) == (FieldKind.NUMBER, 50)

    async def test_settings_are_shown_before_they_are_saved(self, control: Control) -> None:
        assert any(problem.fatal for problem in (await control.config_diff({"routing.max_attempts": "0"})).problems)
        with pytest.raises(ConfigError):
            await control.config_save({"routing.max_attempts": "0"})
        diff = await control.config_diff({"routing.max_attempts": "3"})
        assert diff.problems == ()
        assert "max_attempts" in diff.diff
        await control.config_undo(await control.config_save({"routing.max_attempts": "3"}))

    async def test_an_endpoint_is_added_edited_and_removed(self, control: Control) -> None:
        draft = EndpointDraft("delta", {"url_openai": "https://d.example/v1"}, key=Secret("the-key-of-delta"))
        await control.endpoint_add(draft)
        assert [view.name for view in await control.endpoints()] == ["alpha", "beta", "gamma", "delta"]
        with pytest.raises(ConfigError, match="already the name"):
            await control.endpoint_add(draft)
        await control.endpoint_edit("delta", replace(draft, name="epsilon", key=None))
        saved = await control.endpoint_remove("alpha")
        assert [view.name for view in await control.endpoints()] == ["beta", "gamma", "epsilon"]
        await control.config_undo(saved)
        assert [view.name for view in await control.endpoints()] == ["alpha", "beta", "gamma", "epsilon"]
        for change in (control.endpoint_remove("alpah"), control.endpoint_edit("alpah", draft)):
            with pytest.raises(UnknownEndpoint):
                await change

    async def test_what_is_found_here_is_shown_before_it_is_imported(self, control: Control) -> None:
        plan = await control.import_plan()
        assert ("environment", "openai") in {(one.source, one.endpoint) for one in plan.found}
        assert plan.changes
        assert "${OPENAI_API_KEY}" in plan.diff
        assert plan == await control.import_plan()
        assert "openai" not in [view.name for view in await control.endpoints()]

    async def test_what_was_found_is_imported_and_taken_back(self, control: Control) -> None:
        saved = await control.import_apply(seen=(await control.import_plan()).seen)
        assert "openai" in [view.name for view in await control.endpoints()]
        await control.config_undo(saved)
        assert "openai" not in [view.name for view in await control.endpoints()]

    async def test_imports_only_what_was_seen(self, control: Control) -> None:
        with pytest.raises(ConfigError):
            await control.import_apply(seen="another plan")
        with pytest.raises(ConfigError):
            await control.import_plan("/nowhere/at/all.json")

    async def test_knows_providers_by_name(self, control: Control) -> None:
        presets = {preset.name: preset for preset in await control.presets()}
        assert presets["anthropic"].urls["url_anthropic"] == "https://api.anthropic.com/v1/messages"

    async def test_a_draft_without_an_address_cannot_be_probed(self, control: Control) -> None:
        with pytest.raises(ConfigError, match="has no address"):
            await control.probe(EndpointDraft("delta", {}, key=Secret("a-key")))
        with pytest.raises(UnknownEndpoint):
            await control.probe_endpoint("alpah")

    async def test_a_choice_stands_until_it_is_ended(self, control: Control) -> None:
        (manual,) = await control.use("beta", client_type=ClientType.CODEX, seconds=60)
        assert (manual.endpoint, manual.client_type) == ("beta", ClientType.CODEX)
        assert manual.until is not None
        assert (await control.overview()).manual == (manual,)
        assert await control.use(None) == ()

    async def test_nobody_can_choose_an_unknown_endpoint(self, control: Control) -> None:
        with pytest.raises(UnknownEndpoint):
            await control.use("delta")

    async def test_lists_the_clients(self, control: Control) -> None:
        assert tuple(view.client for view in await control.clients()) == SET_UP

    async def test_a_plan_changes_nothing(self, control: Control) -> None:
        before = await control.clients()
        plan = await control.client_plan(ClientType.CLAUDE_CODE)
        assert plan.changes
        assert plan == await control.client_plan(ClientType.CLAUDE_CODE)
        assert await control.clients() == before

    async def test_sets_a_client_up_and_back(self, control: Control) -> None:
        plan = await control.client_plan(ClientType.CLAUDE_CODE)
        applied = await control.client_apply(ClientType.CLAUDE_CODE, seen=plan.seen)
        assert applied.written == tuple(file.path for file in plan.files)
        view = (await control.clients())[0]
        assert (view.state, view.restorable) == (ClientState.THROUGH_CCCC, True)
        assert not (await control.client_plan(ClientType.CLAUDE_CODE)).changes
        restored = await control.client_restore(ClientType.CLAUDE_CODE)
        assert (restored.restored, restored.conflicts) == (applied.written, ())
        view = (await control.clients())[0]
        assert view.state is not ClientState.THROUGH_CCCC
        assert not view.restorable

    async def test_options_reach_the_plan(self, control: Control) -> None:
        options = ClientOptions(url="http://127.0.0.1:4321")
        plan = await control.client_plan(ClientType.CLAUDE_CODE, options)
        assert plan.url == "http://127.0.0.1:4321"
        assert "4321" in plan.files[0].after

    async def test_writes_only_what_was_seen(self, control: Control) -> None:
        with pytest.raises(ConfigError):
            await control.client_apply(ClientType.CLAUDE_CODE, seen="another plan")
        assert (await control.client_plan(ClientType.CLAUDE_CODE)).changes

    async def test_a_client_that_cannot_be_set_up_says_so(self, control: Control) -> None:
        with pytest.raises(ConfigError):
            await control.client_plan(ClientType.GEMINI)

    async def test_remembers_a_proof(self, control: Control) -> None:
        await control.client_apply(ClientType.CLAUDE_CODE)
        proof = await control.client_prove(ClientType.CLAUDE_CODE)
        assert proof.message
        assert (await control.clients())[0].proof is not None

    async def test_tells_what_happens(self, control: Control) -> None:
        """A reader that listens hears of a change; how soon listening begins is not promised, so change until heard."""
        heard = []
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:

                async def listen() -> None:
                    async with aclosing(control.events()) as events:
                        async for event in events:
                            heard.append(event)
                            tasks.cancel_scope.cancel()

                tasks.start_soon(listen)
                while True:
                    await control.endpoint_action("alpha", EndpointAction.RESET)
                    await anyio.sleep(0.01)
        assert heard[0] == EndpointChanged("alpha")
