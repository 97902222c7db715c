"""The pure delivery core: every rule that decides about a message without asking anybody, and who knows the rule.

Where a module also talks to the database or the network, `only` names the rules in it; the rest is for the tests with
a real database, the crashes and the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

RULES = "tests/rules/delivery"
META = "tests/providers/meta"


@dataclass(frozen=True, slots=True)
class Target:
    """`only`: functions, classes, methods (`Class.method`) and constants of the module; none means all of it."""

    module: str
    tests: tuple[str, ...]
    only: tuple[str, ...] = ()


TARGETS: tuple[Target, ...] = (
    # What is taken, and until when it makes sense.
    Target(
        "recado.messages.accept",
        (f"{RULES}/test_taking.py",),
        (
            *(
                "DEFAULT_LIFE",
                "first_answer",
                "_judge_repeat",
                "_drop_untimely",
                "_is_immediate",
                "_check_windows",
            ),
            *("_places", "_columns"),
        ),
    ),
    # May it leave, how fast, in whose turn.
    Target("recado.messages.gates", ("tests/rules/test_gates.py",)),
    Target("recado.messages.pace", ("tests/rules/test_pace.py",)),
    Target(
        "recado.messages.claim",
        (f"{RULES}/test_plan.py", f"{RULES}/test_slowed_lane.py"),
        (
            "_MEDIA_RETRY",
            "STRICT_WAIT_S",
            "_TURN_RETRY",
            "_ORDER_RETRY",
            "LaneState",
            "Candidate",
            "share",
            "decide",
            "_gate_input",
            "_refusal",
            "_note",
            "with_files",
        ),
    ),
    Target(
        "recado.messages.template_holds", (f"{RULES}/test_plan.py",), ("HOLDING", "template_of", "stop_of")
    ),
    Target("recado.conversations.model", (f"{RULES}/test_window.py",)),
    # What a provider's answer proves.
    Target("recado.providers.meta.errors", (f"{META}/test_verdicts.py", f"{META}/test_codes.py")),
    # Not its table: that is data, compared row by row with Meta's list.
    Target(
        "recado.providers.meta.codes",
        (f"{META}/test_verdicts.py",),
        (
            *("_MESSAGE", "_RECIPIENT", "_TEMPLATE", "_NUMBER", "_TOKEN", "_SKIP", "_SLOW"),
            *("_FAMILIES", "_EXTRA", "look_up", "reason_for_code", "is_skip_code"),
        ),
    ),
    Target(
        "recado.providers.meta.client",
        (f"{META}/test_answers.py",),
        ("refusal", "_outcome", "read_any_object", "_refused"),
    ),
    Target(
        "recado.providers.meta.http",
        (f"{META}/test_answers.py",),
        ("Answer", "Budget", "failure", "_unreached", "_in_doubt"),
    ),
    Target("recado.providers.meta.history", (f"{META}/test_memory.py",), ("names", "_first")),
    # What follows from it.
    Target(
        "recado.messages.record",
        (f"{RULES}/test_retry.py",),
        ("PROBE_EVERY", "_facts", "_note", "_wait"),
    ),
    Target("recado.messages.doubt_rules", (f"{RULES}/test_doubt.py", "tests/rules/test_doubt_patience.py")),
    Target("recado.messages.doubt", (f"{RULES}/test_proof.py",), ("Decision", "_case", "_proof")),
    Target(
        "recado.inbound.receivers",
        (f"{RULES}/test_trust.py",),
        ("BACKLOG_S", "TOLERANCE_S", "BEAT_S", "Trust"),
    ),
    Target(
        "recado.messages.resending",
        (f"{RULES}/test_again.py",),
        ("AGAIN", "may_send_again", "request_for", "_draft"),
    ),
    # What the world tells us: whose it is, whether it is new, what it changes.
    Target("recado.providers.meta.signature", (f"{META}/test_signature.py",)),
    Target("recado.kit.tokens", (f"{RULES}/test_token.py", "tests/rules/test_kit.py")),
    Target(
        "recado.providers.event_keys",
        ("tests/providers/test_event_key_forms.py", "tests/providers/test_event_keys.py"),
    ),
    Target("recado.providers.meta.wire", (f"{META}/test_envelope.py", f"{META}/test_parse.py")),
    Target("recado.providers.meta.parse", (f"{META}/test_envelope.py", f"{META}/test_parse.py")),
    Target("recado.providers.meta.values", (f"{META}/test_values.py",)),
    Target("recado.providers.meta.people", (f"{META}/test_values.py", f"{META}/test_parse.py")),
    Target("recado.providers.meta.statuses", (f"{META}/test_told.py",)),
    Target("recado.messages.model", (f"{RULES}/test_shown.py", "tests/rules/test_lattice.py")),
    Target(
        "recado.messages.statuses",
        (f"{RULES}/test_folding.py", "tests/rules/test_lattice.py"),
        (
            "_told_again",
            "_loose",
            "_event_kind",
            "fold_all",
            "_known",
            "_note_time",
            "_earliest",
        ),
    ),
    Target(
        "recado.inbound.effects",
        (f"{RULES}/test_arriving.py",),
        ("_whose", "_may_react", "_status_item", "_status_data", "_natural_key"),
    ),
    # Whether anything may leave after a restore or in a copy.
    Target(
        "recado.app.epoch",
        (f"{RULES}/test_restored.py", "tests/slices/epoch/test_rules.py"),
        ("judge", "_judge_timeline", "read_mark", "write_mark"),
    ),
    Target("recado.inbound.reactions", (f"{RULES}/test_window.py",)),
)
