"""`POST /_sim/seed`: accounts, numbers, templates and people, put there or brought up to date."""

from __future__ import annotations

from typing import Any

import msgspec

from recado_sim import ids
from recado_sim.loopback import is_loopback
from recado_sim.state import Phone, Template, Waba, World

SAMPLE_WABA, SAMPLE_PHONE = "102000000000017", "106000000000023"


class PhoneSeed(msgspec.Struct, kw_only=True):
    """A business number."""

    id: str
    display: str
    name: str = ""


class TemplateSeed(msgspec.Struct, kw_only=True):
    """A template as it stands, already reviewed."""

    name: str
    language: str = "pt_BR"
    category: str = "UTILITY"
    status: str = "APPROVED"
    components: list[dict[str, Any]] = []
    parameter_format: str = "POSITIONAL"
    id: str = ""


class WabaSeed(msgspec.Struct, kw_only=True):
    """An account with its numbers and templates."""

    id: str
    name: str = ""
    phones: list[PhoneSeed] = []
    templates: list[TemplateSeed] = []


class PersonSeed(msgspec.Struct, kw_only=True):
    """Somebody with a phone, or somebody known only by a BSUID."""

    phone: str | None = None
    name: str | None = None
    bsuid: str | None = None
    username: str | None = None


class Seed(msgspec.Struct, kw_only=True):
    """Everything a simulation starts from. What is left out stays as it is."""

    app_id: str | None = None
    app_secret: str | None = None
    verify_token: str | None = None
    callback_url: str | None = None
    tokens: list[str] | None = None
    wabas: list[WabaSeed] = []
    people: list[PersonSeed] = []


def read(raw: bytes) -> Seed | str:
    """The seed in this JSON, or what is wrong with it."""
    try:
        seed = msgspec.json.decode(raw, type=Seed)
    except msgspec.DecodeError as error:
        return str(error)
    if seed.callback_url and not is_loopback(seed.callback_url):
        return "callback_url must be a loopback address: the simulator calls nobody else"
    for person in seed.people:
        if not ids.digits(person.phone or "") and not person.bsuid:
            return "every person needs a phone or a bsuid"
    return seed


def plant(world: World, seed: Seed) -> None:
    """Idempotent: planting the same seed twice changes nothing, and no conversation is lost."""
    for name in ("app_id", "app_secret", "verify_token", "callback_url", "tokens"):
        value = getattr(seed, name)
        if value is not None:
            setattr(world.settings, name, value)
    if seed.wabas:
        _drop_sample(world)
    for account in seed.wabas:
        waba = world.wabas.setdefault(account.id, Waba(id=account.id, name=account.name))
        waba.name = account.name or waba.name
        for number in account.phones:
            _phone(world, account.id, number)
        for template in account.templates:
            _template(world, account.id, template)
    for person in seed.people:
        world.person(person.phone, bsuid=person.bsuid, name=person.name, username=person.username)
    world.changes += 1


def sample(world: World) -> Phone:
    """The account a bare start has, so that the first request needs no seed."""
    world.wabas[SAMPLE_WABA] = Waba(id=SAMPLE_WABA, name="Estúdio Aurora")
    phone = Phone(
        id=SAMPLE_PHONE,
        waba_id=SAMPLE_WABA,
        display="+1 650-555-0100",
        name="Estúdio Aurora",
        sample=True,
    )
    world.phones[phone.id] = phone
    return phone


def _drop_sample(world: World) -> None:
    """Real accounts take its place, unless somebody already talks with it."""
    phone = world.phones.get(SAMPLE_PHONE)
    if phone is None or not phone.sample:
        return
    if any(message.phone_id == phone.id for message in world.messages.values()):
        return
    del world.phones[phone.id]
    world.wabas.pop(SAMPLE_WABA, None)


def _phone(world: World, waba_id: str, number: PhoneSeed) -> None:
    fresh = Phone(id=number.id, waba_id=waba_id, display=number.display, name=number.name)
    phone = world.phones.setdefault(number.id, fresh)
    phone.waba_id, phone.display = waba_id, number.display
    phone.name = number.name or phone.name
    phone.sample = False


def _template(world: World, waba_id: str, given: TemplateSeed) -> None:
    known = world.by_name.get((waba_id, given.name, given.language))
    template_id = given.id or (known.id if known else world.ids.number())
    world.add_template(
        Template(
            id=template_id,
            waba_id=waba_id,
            name=given.name,
            language=given.language,
            category=given.category.upper(),
            status=given.status.upper(),
            components=given.components,
            parameter_format=given.parameter_format.upper(),
        )
    )
