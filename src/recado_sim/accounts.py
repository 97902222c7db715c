"""Graph calls about tokens, accounts, numbers, profiles and subscriptions."""

from __future__ import annotations

from typing import Any

from recado_sim.hooks import Hooks
from recado_sim.loopback import is_loopback
from recado_sim.refusals import Refusal, coded, missing, parameter
from recado_sim.state import Message, Phone, Waba, World

Json = dict[str, Any]
BUSINESS_ID = "506000000000041"
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging", "public_profile"]
PHONE_DEFAULTS = ("verified_name", "display_phone_number", "id", "quality_rating")
PROFILE_FIELDS = frozenset(
    {
        "about",
        "address",
        "description",
        "email",
        "profile_picture_url",
        "profile_picture_handle",
        "websites",
        "vertical",
    }
)


class Accounts:
    """Everything that is not a message, a file or a template."""

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.world = world
        self.hooks = hooks

    def token_problem(self, token: str) -> str | None:
        """`expired`, `invalid`, or None for a good token."""
        if token == "expired":  # noqa: S105 - a word of the simulator, not a secret
            return "expired"
        known = self.world.settings.tokens
        secret = self.world.settings.app_secret
        if token and secret and token == f"{self.world.settings.app_id}|{secret}":
            return None
        if not token or token == "invalid":  # noqa: S105
            return "invalid"
        return None if not known or token in known else "invalid"

    def debug_token(self, token: str) -> Json:
        """What a token may do."""
        now, problem = int(self.world.now()), self.token_problem(token)
        wabas = list(reversed(self.world.wabas))  # the newest WABA is first
        data: Json = {
            "app_id": self.world.settings.app_id,
            "type": "SYSTEM_USER",
            "application": "Simulador",
            "data_access_expires_at": 0,
            "expires_at": 0,
            "is_valid": problem is None,
            "issued_at": now - 86_400,
            "scopes": SCOPES,
            "granular_scopes": [
                {"scope": scope, "target_ids": wabas} for scope in SCOPES if scope != "public_profile"
            ],
            "user_id": "122000000000081",
        }
        if problem is not None:
            data["error"] = {"code": 190, "message": f"The access token is {problem}."}
        return {"data": data}

    def exchange(self, fields: Json) -> Json | Refusal:
        """`oauth/access_token`: an app token, or a business token for a signup code."""
        if fields.get("grant_type") == "client_credentials":
            token = f"{fields.get('client_id')}|{fields.get('client_secret')}"
            return {"access_token": token, "token_type": "bearer"}
        code = str(fields.get("code") or fields.get("fb_exchange_token") or "")
        if not code:
            return missing("code")
        if code in ("expired", "invalid"):
            message = "This authorization code has expired."
            return Refusal(code=100, message=message, subcode=36007)
        known = self.world.settings.tokens
        token = known[0] if known else f"SIMTOKEN{self.world.ids.number()}"
        return {"access_token": token, "token_type": "bearer", "expires_in": 5_183_944}

    def phone(self, phone: Phone, fields: str | None) -> Json:
        """A number with the fields asked for."""
        every: Json = {
            "id": phone.id,
            "verified_name": phone.name,
            "display_phone_number": phone.display,
            "quality_rating": "GREEN",
            "throughput": {"level": "STANDARD"},
            "status": "CONNECTED" if phone.registered else "PENDING",
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "account_mode": "LIVE",
            "is_on_biz_app": False,
            "is_official_business_account": False,
            "is_pin_enabled": True,
            "messaging_limit_tier": "TIER_2K",
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
            "health_status": self.health(phone),
            "webhook_configuration": self._webhooks_of(phone),
        }
        return _chosen(every, fields, PHONE_DEFAULTS)

    def _webhooks_of(self, phone: Phone) -> Json:
        waba = self.world.wabas[phone.waba_id]
        found = {
            "phone_number": phone.callback_url,
            "whatsapp_business_account": waba.callback_url,
            "application": self.world.settings.callback_url,
        }
        return {level: url for level, url in found.items() if url}

    def health(self, phone: Phone) -> Json:
        """`health_status`: the worst of the entities decides."""
        waba = self.world.wabas[phone.waba_id]
        entities: list[Json] = [
            {"entity_type": "PHONE_NUMBER", "id": phone.id, "can_send_message": phone.health},
            {"entity_type": "WABA", "id": waba.id, "can_send_message": "AVAILABLE"},
            {"entity_type": "BUSINESS", "id": BUSINESS_ID, "can_send_message": "AVAILABLE"},
            {
                "entity_type": "APP",
                "id": self.world.settings.app_id,
                "can_send_message": "AVAILABLE",
            },
        ]
        if phone.health != "AVAILABLE":
            entities[0]["errors"] = [
                {
                    "error_code": 141000,
                    "error_description": "The number cannot send messages now.",
                    "possible_solution": "See the account's quality in WhatsApp Manager.",
                }
            ]
        return {"can_send_message": phone.health, "entities": entities}

    def waba(self, waba: Waba, fields: str | None) -> Json:
        """An account with the fields asked for."""
        phones = [phone for phone in self.world.phones.values() if phone.waba_id == waba.id]
        healthy = {"can_send_message": "AVAILABLE", "entities": []}
        every: Json = {
            "id": waba.id,
            "name": waba.name,
            "currency": "BRL",
            "timezone_id": "25",
            "message_template_namespace": f"simulator_{waba.id}",
            "account_review_status": "APPROVED",
            "business_verification_status": "verified",
            "country": "BR",
            "ownership_type": "SELF",
            "status": "ACTIVE",
            "health_status": self.health(phones[0]) if phones else healthy,
            "owner_business_info": {"id": BUSINESS_ID, "name": waba.name},
        }
        defaults = ("id", "name", "currency", "timezone_id", "message_template_namespace")
        return _chosen(every, fields, defaults)

    def phones(self, waba: Waba, fields: str | None) -> Json:
        """The numbers of an account."""
        asked = fields or "verified_name,display_phone_number,id,quality_rating,status"
        mine = [phone for phone in self.world.phones.values() if phone.waba_id == waba.id]
        return {"data": [self.phone(phone, asked) for phone in mine]}

    def profile(self, phone: Phone, fields: str | None) -> Json:
        """The business profile people see."""
        every = {"messaging_product": "whatsapp", "vertical": "OTHER", **phone.profile}
        wanted = set((fields or "").split(",")) - {""}
        chosen = {k: v for k, v in every.items() if not wanted or k in wanted}
        return {"data": [{**chosen, "messaging_product": "whatsapp"}]}

    def change_profile(self, phone: Phone, fields: Json) -> Json | Refusal:
        """Change the profile."""
        if fields.get("messaging_product") != "whatsapp":
            return parameter("The parameter messaging_product is required.")
        about = fields.get("about")
        if about is not None and not 1 <= len(str(about)) <= 139:
            return parameter("Param about must be between 1 and 139 characters long.")
        phone.profile = {**phone.profile, **{k: fields[k] for k in PROFILE_FIELDS & fields.keys()}}
        self.world.changes += 1
        return {"success": True}

    def register(self, phone: Phone, fields: Json) -> Json | Refusal:
        """Make a number able to send, with its two-step PIN."""
        if fields.get("messaging_product") != "whatsapp":
            return parameter("The parameter messaging_product is required.")
        pin = str(fields.get("pin", ""))
        if len(pin) != 6 or not pin.isdigit():
            return parameter("Param pin must be 6 digits.")
        phone.registered = True
        self.world.changes += 1
        return {"success": True}

    def deregister(self, phone: Phone) -> Json:
        """Make a number unable to send."""
        phone.registered = False
        self.world.changes += 1
        return {"success": True}

    def subscriptions(self, waba: Waba) -> Json:
        """Apps that hear this account's webhooks."""
        if not waba.subscribed:
            return {"data": []}
        app_id = self.world.settings.app_id
        link = f"https://www.facebook.com/games/?app_id={app_id}"
        data: Json = {"whatsapp_business_api_data": {"id": app_id, "name": "Simulador", "link": link}}
        if waba.callback_url:
            data["override_callback_uri"] = waba.callback_url
        return {"data": [data]}

    async def subscribe(self, waba: Waba, fields: Json) -> Json | Refusal:
        """Subscribe; with a URL, override the app's. Without one, an earlier override ends."""
        url = str(fields.get("override_callback_uri") or "")
        if url:
            refusal = await self._proven(url, str(fields.get("verify_token") or ""))
            if refusal is not None:
                return refusal
        waba.subscribed, waba.callback_url = True, url
        self.world.changes += 1
        return {"success": True}

    def unsubscribe(self, waba: Waba) -> Json:
        """Nobody hears this account any more."""
        waba.subscribed, waba.callback_url = False, ""
        self.world.changes += 1
        return {"success": True}

    async def change_phone(self, phone: Phone, fields: Json) -> Json | Refusal:
        """`webhook_configuration` of a number; other settings are taken and ignored."""
        wanted = fields.get("webhook_configuration")
        if isinstance(wanted, dict):
            url = str(wanted.get("override_callback_uri") or "")
            if url:
                refusal = await self._proven(url, str(wanted.get("verify_token") or ""))
                if refusal is not None:
                    return refusal
            phone.callback_url = url
            self.world.changes += 1
        return {"success": True}

    async def app_callback(self, fields: Json) -> Json | Refusal:
        """`POST /{app}/subscriptions`: where the app hears everything."""
        url, token = str(fields.get("callback_url") or ""), str(fields.get("verify_token") or "")
        refusal = await self._proven(url, token)
        if refusal is not None:
            return refusal
        self.world.settings.callback_url, self.world.settings.verify_token = url, token
        self.world.changes += 1
        return {"success": True}

    async def _proven(self, url: str, verify_token: str) -> Refusal | None:
        if not is_loopback(url):
            return parameter("The simulator calls only loopback addresses; this URL is not one.")
        if len(url) > 200:
            return parameter("Param override_callback_uri must be at most 200 characters long.")
        problem = await self.hooks.verify(url, verify_token)
        if problem is None:
            return None
        message = f"(#2200) Callback verification failed with the following errors: {problem}"
        return Refusal(code=2200, message=message)

    def block(self, phone: Phone, fields: Json, *, block: bool) -> Json | Refusal:
        """Block or unblock people for this number."""
        users = fields.get("block_users")
        if not isinstance(users, list) or not users:
            return missing("block_users")
        numbers = ["".join(filter(str.isdigit, str(u.get("user", "")))) for u in users]
        kept = [number for number in phone.blocked_users if number not in numbers]
        phone.blocked_users = kept + numbers if block else kept
        self.world.changes += 1
        key = "added_users" if block else "removed_users"
        done = [{"input": number, "wa_id": number} for number in numbers]
        return {"messaging_product": "whatsapp", "block_users": {key: done}}

    def blocked(self, phone: Phone) -> Json:
        """People this number blocked."""
        users = [{"messaging_product": "whatsapp", "wa_id": n} for n in phone.blocked_users]
        return {"data": users, "paging": {"cursors": {"after": "", "before": ""}}}

    def history(self, phone: Phone, fields: Json) -> Json | Refusal:
        """`message_history`: what happened to a message and whether its webhooks arrived."""
        wanted = fields.get("message_id")
        if wanted:
            found = self.world.messages.get(str(wanted))
            mine = [found] if found is not None and found.phone_id == phone.id else []
        else:
            mine = [m for m in self.world.ledger if m.phone_id == phone.id][-100:]
        if wanted and not mine:
            return coded(131009, "Param message_id names no message of this number.")
        return {"data": [_history(message) for message in mine]}


def _history(message: Message) -> Json:
    events = [
        {
            "id": event.id,
            "delivery_status": event.status.upper(),
            "timestamp": int(event.at),
            "webhook_update_state": event.webhook,
        }
        for event in message.events
    ]
    return {"id": message.wamid[-16:], "message_id": message.wamid, "events": {"data": events}}


def _chosen(every: Json, fields: str | None, defaults: tuple[str, ...]) -> Json:
    if not fields:
        return {name: every[name] for name in defaults}
    names = [name.strip().split("{")[0].split(".")[0] for name in fields.split(",")]
    return {"id": every["id"], **{name: every[name] for name in names if name in every}}
