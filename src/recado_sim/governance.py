"""Template management: create, review, list, edit, delete."""

from __future__ import annotations

import re
from typing import Any

from recado_sim import envelope, templates
from recado_sim.hooks import Hooks
from recado_sim.refusals import Refusal, missing, parameter, template_refusal
from recado_sim.state import Template, Waba, World

Json = dict[str, Any]
NAME = re.compile(r"^[a-z0-9_]{1,512}$")
CATEGORIES = frozenset({"AUTHENTICATION", "MARKETING", "UTILITY"})
LIMITS = {"HEADER": 60, "BODY": 1024, "FOOTER": 60}
BUTTON_TEXT, BUTTONS_MAX, PAGE = 25, 10, 25
TEMPLATES_MAX = 6_000  # of a verified portfolio
EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
FILTERS = ("name", "status", "category", "language")


class Governance:
    """The templates of every account, as WhatsApp Manager sees them."""

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.world = world
        self.hooks = hooks

    def create(self, waba: Waba, fields: Json) -> Json | Refusal:
        """PENDING first; approved after the review time."""
        refusal = _refused(fields)
        if refusal is not None:
            return refusal
        name, language = str(fields["name"]), str(fields["language"])
        if (waba.id, name, language) in self.world.by_name:
            return template_refusal(
                2388024,
                "Content in this language already exists",
                f"There is already {language} content for this template.",
            )
        template = Template(
            id=self.world.ids.number(),
            waba_id=waba.id,
            name=name,
            language=language,
            category=str(fields["category"]).upper(),
            status="PENDING",
            components=list(fields.get("components") or []),
            parameter_format=str(fields.get("parameter_format") or "POSITIONAL").upper(),
        )
        self.world.add_template(template)
        self._review(template)
        return {"id": template.id, "status": template.status, "category": template.category}

    def change(self, template: Template, fields: Json) -> Json | Refusal:
        """An edit goes back to review."""
        if template.status.upper() not in EDITABLE:
            return template_refusal(2388039, "Template cannot be edited", "The template is still in review.")
        merged: Json = {
            "name": template.name,
            "language": template.language,
            "category": fields.get("category") or template.category,
            "components": fields.get("components") or template.components,
        }
        refusal = _refused(merged)
        if refusal is not None:
            return refusal
        template.components = list(merged["components"])
        template.category = str(merged["category"]).upper()
        template.status = "PENDING"
        self.world.changes += 1
        self._review(template)
        return {"success": True}

    def delete(self, waba: Waba, fields: Json) -> Json | Refusal:
        """By name (all languages), or one by `hsm_id` and name."""
        if not fields.get("name"):
            return missing("name")
        found = [
            template
            for template in self.world.templates.values()
            if template.waba_id == waba.id
            and template.name == fields["name"]
            and str(fields.get("hsm_id") or template.id) == template.id
        ]
        if not found:
            return template_refusal(
                2593002, "Message template not found", f"No template named {fields['name']}."
            )
        for template in found:
            self.world.drop_template(template)
        return {"success": True}

    def listed(self, waba: Waba, fields: Json) -> Json:
        """A page of the account's templates, filtered, with cursors."""
        mine = [t for t in self.world.templates.values() if t.waba_id == waba.id]
        for name in FILTERS:
            if fields.get(name):
                wanted = str(fields[name]).strip('[]"').lower()
                mine = [t for t in mine if getattr(t, name).lower() == wanted]
        size = _number(fields.get("limit"), PAGE)
        start = _number(fields.get("after"), -1) + 1
        page = mine[start : start + size]
        answer: Json = {"data": [self.shown(t, fields.get("fields")) for t in page]}
        if fields.get("summary"):
            answer["summary"] = self._summary(waba, len(mine), str(fields["summary"]))
        if page:
            cursors = {"before": str(start), "after": str(start + len(page) - 1)}
            answer["paging"] = {"cursors": cursors}
            if start + size < len(mine):
                base = f"{self.world.base_url}/{waba.id}/message_templates"
                answer["paging"]["next"] = f"{base}?limit={size}&after={cursors['after']}"
        return answer

    def _summary(self, waba: Waba, matching: int, wanted: str) -> Json:
        every: Json = {
            "total_count": matching,
            "message_template_count": sum(t.waba_id == waba.id for t in self.world.templates.values()),
            "message_template_limit": TEMPLATES_MAX,
            "are_translations_complete": True,
        }
        return {name: every[name] for name in wanted.split(",") if name in every}

    def shown(self, template: Template, fields: Any = None) -> Json:
        """One template with the fields asked for."""
        every: Json = {
            "name": template.name,
            "parameter_format": template.parameter_format,
            "components": template.components,
            "language": template.language,
            "status": template.status,
            "category": template.category,
            "quality_score": {"score": "UNKNOWN", "date": int(self.world.now())},
            "id": template.id,
        }
        if not fields:
            return every
        wanted = {name.strip() for name in str(fields).split(",")} | {"id"}
        return {name: value for name, value in every.items() if name in wanted}

    def set_status(self, template: Template, status: str, reason: str = "NONE") -> None:
        """Change the status and tell the app, as Meta does after a review or a pause."""
        template.status = status
        self.world.changes += 1
        value = {
            "event": status,
            "message_template_id": int(template.id) if template.id.isdigit() else template.id,
            "message_template_name": template.name,
            "message_template_language": template.language,
            "reason": reason,
            "message_template_category": template.category,
        }
        field = "message_template_status_update"
        self.hooks.emit(envelope.account(template.waba_id, field, value, self.world.now(), kind="template"))

    def _review(self, template: Template) -> None:
        due = self.world.now() + self.world.settings.approve_s
        self.world.timers.at(due, self._approve, template)

    def _approve(self, template: Template) -> None:
        if template.id in self.world.templates and template.status == "PENDING":
            self.set_status(template, "APPROVED")

    def resume(self) -> None:
        """After a restart: reviews go on."""
        for template in self.world.templates.values():
            if template.status == "PENDING":
                self._review(template)


def _number(value: Any, default: int) -> int:
    text = str(value if value is not None else "")
    return int(text) if text.isdigit() else default


def _refused(fields: Json) -> Refusal | None:
    if not NAME.match(str(fields.get("name") or "")):
        return parameter("Param name must be lowercase letters, digits and underscores.")
    if not fields.get("language"):
        return missing("language")
    if str(fields.get("category") or "").upper() not in CATEGORIES:
        return parameter(f"Param category must be one of {sorted(CATEGORIES)}.")
    components = fields.get("components")
    if not isinstance(components, list) or not all(isinstance(c, dict) for c in components):
        return parameter("Param components must be an array.")
    for component in components:
        refusal = _component(component)
        if refusal is not None:
            return refusal
    return None


def _component(component: Json) -> Refusal | None:
    kind = str(component.get("type", "")).upper()
    if kind == "BUTTONS":
        return _buttons(component.get("buttons"))
    if kind == "CAROUSEL":
        return _cards(component.get("cards"))
    text, limit = component.get("text"), LIMITS.get(kind)
    if not isinstance(text, str) or limit is None:
        return None
    if len(text) > limit:
        return template_refusal(2388040, "Field too long", f"{kind} has more than {limit} characters.")
    names = templates.variables(text)
    if names and kind == "FOOTER":
        return template_refusal(2388073, "Footer format is wrong", "Footers take no variables.")
    if len(names) > 1 and kind == "HEADER":
        return template_refusal(2388047, "Header format is wrong", "Headers take one variable.")
    if names and kind == "BODY":
        return _body(text, names, component)
    return None


def _body(text: str, names: list[str], component: Json) -> Refusal | None:
    ends = templates.VARIABLE.split(text.strip())
    if not ends[0].strip() or not ends[-1].strip():
        return template_refusal(
            2388299,
            "Variables can't be at the start or end of the template",
            "The body begins or ends with a variable.",
        )
    words = len(templates.VARIABLE.sub("", text).split())
    if words < 2 * len(names) + 1:
        return template_refusal(
            2388293, "Too many variables for its length", "The body has too many variables."
        )
    if not component.get("example"):
        return template_refusal(
            2388043, "Message template is missing an example", "The body's variables need samples."
        )
    return None


def _cards(cards: Any) -> Refusal | None:
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        return parameter("Param cards must be an array.")
    for card in cards:
        parts = card.get("components")
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            return parameter("Param components of a card must be an array.")
        for part in parts:
            refusal = _component(part)
            if refusal is not None:
                return refusal
    return None


def _buttons(found: Any) -> Refusal | None:
    if not isinstance(found, list) or not all(isinstance(button, dict) for button in found):
        return parameter("Param buttons must be an array.")
    if len(found) > BUTTONS_MAX:
        return template_refusal(2388025, "Too many buttons", f"At most {BUTTONS_MAX} buttons.")
    for button in found:
        if len(str(button.get("text") or "")) > BUTTON_TEXT:
            return template_refusal(
                2388040, "Field too long", f"A button has more than {BUTTON_TEXT} characters."
            )
    return None
