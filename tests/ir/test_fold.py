"""A reply as events and back."""

from __future__ import annotations

from hypothesis import given

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.fold import fold
from cccc.ir.messages import Reply, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.unfold import unfold
from tests.formats.strategies import REPLIES


@given(REPLIES)
def test_an_unfolded_reply_folds_to_itself(reply: Reply) -> None:
    assert fold(unfold(reply)) == reply


def test_interleaved_parts_keep_the_order_in_which_they_were_opened() -> None:
    events: list[Event] = [
        Started("id", "model"),
        PartOpened(0, PartKind.THINKING, item_id="rs_1"),
        PartOpened(1, PartKind.TOOL_CALL, "call_1", "shell", ToolKind.LOCAL_SHELL, "space"),
        PartDelta(1, "{"),
        PartDelta(0, "Hm"),
        PartDelta(1, "}"),
        PartDelta(9, "of no part"),
        PartClosed(9),
        PartClosed(0, "seal", WireFormat.ANTHROPIC, "maker"),
        UsageSeen(Usage(input=5, output=1)),
        UsageSeen(Usage(output=7)),
        Ended(StopReason.STOP_SEQUENCE, "\n"),
    ]
    assert fold(events) == Reply(
        (
            Thinking("Hm", "seal", WireFormat.ANTHROPIC, "maker", item_id="rs_1"),
            ToolCall("call_1", "shell", "{}", ToolKind.LOCAL_SHELL, "space"),
        ),
        StopReason.STOP_SEQUENCE,
        "\n",
        Usage(input=5, output=7),
        "id",
        "model",
    )


def test_empty_parts_say_nothing_except_calls_and_sealed_thinking() -> None:
    kinds = (PartKind.TEXT, PartKind.REFUSAL, PartKind.THINKING, PartKind.THINKING, PartKind.TOOL_CALL)
    events: list[Event] = [PartOpened(index, kind) for index, kind in enumerate(kinds)]
    events.append(PartClosed(3, "seal", redacted=True))
    assert fold(events).parts == (Thinking("", "seal", redacted=True), ToolCall("", "", ""))


def test_an_estimate_stays_marked_until_somebody_counts() -> None:
    guess, count = UsageSeen(Usage(input=3, estimated=True)), UsageSeen(Usage(input=4))
    assert fold([guess]).usage == Usage(input=3, estimated=True)
    assert fold([guess, count]).usage == Usage(input=4)
    assert fold([PartOpened(0, PartKind.TEXT), PartDelta(0, "a")]).parts == (Text("a"),)
