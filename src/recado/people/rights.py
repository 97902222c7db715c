"""Who may do what in the panel: one table. What is not written here nobody may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    PLATFORM = "platform"  # runs the installation: every company, the global switches
    ADMINISTRATOR = "administrator"  # runs one company
    OPERATOR = "operator"  # the front desk
    DEVELOPER = "developer"  # looks at everything technical, changes nothing
    REVIEWER = "reviewer"  # somebody who checks the product, for example for Meta's App Review


MEMBER_ROLES: tuple[Role, ...] = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DEVELOPER, Role.REVIEWER)

_RUN = frozenset({Role.PLATFORM, Role.ADMINISTRATOR})
_DESK = _RUN | {Role.OPERATOR}
_TECH = _RUN | {Role.DEVELOPER}
_STAFF = _DESK | {Role.DEVELOPER}
_ALL = frozenset(Role)

RIGHTS: dict[str, frozenset[Role]] = {
    # one's own profile, language, theme, password, second factor, sessions; choosing a company
    "own": _ALL,
    "messages.read": _ALL,
    "messages.resend": _DESK,
    "messages.cancel": _DESK,
    "messages.discard": _DESK,
    "messages.decide": _DESK,
    "messages.export": _DESK,
    # bulk jobs are seen by who may start them
    "messages.bulk": _DESK,
    "messages.technical": _TECH,
    # whole phone numbers and ids that contain them; every look is written down
    "personal.reveal": _DESK,
    "conversations.read": _DESK | {Role.REVIEWER},
    "conversations.reply": _DESK,
    "conversations.assign": _DESK,
    "conversations.note": _DESK,
    "webhooks.read": _TECH,
    "webhooks.replay": _RUN,
    "webhooks.discard": _RUN,
    "numbers.read": _ALL,
    "numbers.pause": _DESK,
    "numbers.edit": _RUN,
    "templates.read": _ALL,
    "templates.edit": _RUN,
    "accounts.read": _RUN,
    "accounts.edit": _RUN,
    "accounts.create": frozenset({Role.PLATFORM}),
    "keys.read": _TECH,
    "keys.edit": _RUN,
    "people.read": _RUN,
    "people.edit": _RUN,
    "rollout.read": _STAFF,
    "rollout.switch": _RUN,
    "rollout.global": frozenset({Role.PLATFORM}),
    "audit.read": _TECH,
    "audit.verify": _TECH,
    "audit.export": _RUN,
    "metrics.read": _ALL,
    "metrics.export": _STAFF,
    "live": _ALL,
    "handset": _ALL,
}


def may(role: Role, right: str) -> bool:
    """Whether the role has the right; an unknown right belongs to nobody."""
    return role in RIGHTS.get(right, frozenset())
