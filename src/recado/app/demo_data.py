"""The sample company: Estúdio Aurora, its templates and a few people. All invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recado.people.rights import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    client_id: str
    name: str
    waba_id: str
    phone_number_id: str
    display_phone: str


COMPANY = Company(
    client_id="estudio-aurora",
    name="Estúdio Aurora",
    waba_id="102000000000017",
    phone_number_id="106000000000023",
    display_phone="+1 650-555-0100",
)


# Who works there: login, name, role. The logins are those of the panel's demonstration buttons.
STAFF: tuple[tuple[str, str, Role], ...] = (
    ("administrador@demonstracao.invalid", "Luana Freitas", Role.PLATFORM),
    ("recepcao@demonstracao.invalid", "Bruno Salles", Role.OPERATOR),
    ("desenvolvedor@demonstracao.invalid", "Nina Prado", Role.DEVELOPER),
    ("revisor@demonstracao.invalid", "Rui Tavares", Role.REVIEWER),
)


def people() -> list[dict[str, str]]:
    return [
        {"phone": "+5520955500111", "name": "Marina Azevedo", "bsuid": "BR.13490000000000000111"},
        {"phone": "+5520955500112", "name": "Caio Prado", "bsuid": "BR.13490000000000000112"},
        {"phone": "+5520955500113", "name": "Dona Lurdes", "bsuid": "BR.13490000000000000113"},
        {"phone": "+5520955500114", "name": "Téo Martins", "bsuid": "BR.13490000000000000114"},
    ]


def _quick_replies(*texts: str) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text} for text in texts]}


def _reminder() -> dict[str, Any]:
    return {
        "name": "lembrete_consulta",
        "language": "pt_BR",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Estúdio Aurora"},
            {
                "type": "BODY",
                "text": "Oi, {{1}}! Seu horário é {{2}}. Podemos confirmar sua presença?",
                "example": {"body_text": [["Marina", "amanhã às 14h"]]},
            },
            {"type": "FOOTER", "text": "Responda por aqui quando puder"},
            _quick_replies("Confirmar", "Remarcar", "Cancelar"),
        ],
    }


def _welcome() -> dict[str, Any]:
    return {
        "name": "boas_vindas",
        "language": "pt_BR",
        "category": "MARKETING",
        "status": "APPROVED",
        "components": [
            {
                "type": "BODY",
                "text": "Que bom ter você por aqui, {{1}}! Quer conhecer nossos horários da semana?",
                "example": {"body_text": [["Caio"]]},
            },
            _quick_replies("Quero ver", "Agora não"),
        ],
    }


def _code() -> dict[str, Any]:
    return {
        "name": "codigo_acesso",
        "language": "pt_BR",
        "category": "AUTHENTICATION",
        "status": "APPROVED",
        "components": [
            {"type": "BODY", "text": "*{{1}}* é o seu código de verificação."},
            {"type": "FOOTER", "text": "Este código expira em 10 minutos."},
            {
                "type": "BUTTONS",
                "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar código"}],
            },
        ],
    }


def _hello() -> dict[str, Any]:
    return {
        "name": "hello_world",
        "language": "en_US",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
            {"type": "BODY", "text": "Welcome! This message proves that the road is open."},
            {"type": "FOOTER", "text": "Estúdio Aurora"},
        ],
    }


def templates() -> list[dict[str, Any]]:
    """Approved templates, one for each thing a studio says most."""
    return [_reminder(), _welcome(), _code(), _hello()]


def sample_message() -> dict[str, Any]:
    """The first message somebody sends: a reminder to Marina."""
    values = [{"type": "text", "text": "Marina"}, {"type": "text", "text": "amanhã às 14h"}]
    template = {
        "name": "lembrete_consulta",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": values}],
    }
    return {"to": people()[0]["phone"], "type": "template", "template": template}


def simulator_seed(
    *, app_secret: str, verify_token: str, access_token: str, callback_url: str
) -> dict[str, Any]:
    """The body of the simulator's seed call; sending it again changes nothing."""
    return {
        "app_secret": app_secret,
        "verify_token": verify_token,
        "callback_url": callback_url,
        "tokens": [access_token],
        "wabas": [
            {
                "id": COMPANY.waba_id,
                "name": COMPANY.name,
                "phones": [
                    {
                        "id": COMPANY.phone_number_id,
                        "display": COMPANY.display_phone,
                        "name": COMPANY.name,
                    }
                ],
                "templates": templates(),
            }
        ],
        "people": people(),
    }
