"""pt-BR sentences for recado's own reasons: what happened, then what to do."""

from __future__ import annotations

from typing import Final

from recado.kit.reasons import Reason

OWN_PT: Final[dict[Reason, tuple[str, str]]] = {
    Reason.WINDOW_CLOSED: (
        "Já passaram 24 horas desde a última mensagem do cliente.",
        "Envie um modelo aprovado ou espere o cliente escrever.",
    ),
    Reason.TENANT_DISABLED: (
        "Os envios desta empresa estão desligados.",
        "Ligue os envios nas configurações quando quiser recomeçar.",
    ),
    Reason.DRY_RUN: (
        "Estamos em modo de teste: a mensagem foi simulada e ninguém recebeu.",
        "Mude para o modo normal nas configurações para enviar de verdade.",
    ),
    Reason.KILL_SWITCH: (
        "Os envios foram parados pelo botão de emergência.",
        "Quando estiver tudo certo, libere os envios nas configurações.",
    ),
    Reason.ROLLOUT_EXCLUDED: (
        "Este contato ainda não faz parte da liberação gradual.",
        "Aumente a liberação nas configurações para incluir mais pessoas.",
    ),
    Reason.NUMBER_PAUSED: (
        "O número que envia está em pausa. A mensagem espera na fila.",
        "Veja na página do número por que ele parou e retome os envios.",
    ),
    Reason.NUMBER_DISCONNECTED: (
        "O número que envia está desconectado.",
        "Reconecte o número na página de números.",
    ),
    Reason.NO_ROUTE: (
        "Nenhum número desta empresa pode enviar esta mensagem.",
        "Conecte ou ative um número na página de números.",
    ),
    Reason.KIND_NOT_SUPPORTED: (
        "O número escolhido não consegue enviar este tipo de mensagem.",
        "Escolha outro número ou outro tipo de mensagem.",
    ),
    Reason.INVALID_RECIPIENT: (
        "O telefone do cliente não parece válido.",
        "Confira o número com código do país e DDD e envie de novo.",
    ),
    Reason.INVALID_CONTENT: (
        "A mensagem tem um dado que o WhatsApp não aceita.",
        "Revise o conteúdo e envie de novo.",
    ),
    Reason.PACE: (
        "Está na fila para sair no ritmo certo do número.",
        "Não precisa fazer nada: ela sai sozinha em instantes.",
    ),
    Reason.PAIR_PACE: (
        "Há mensagens seguidas para a mesma pessoa; esta espera um pouco.",
        "Não precisa fazer nada: ela sai em alguns segundos.",
    ),
    Reason.EARLIER_MESSAGE: (
        "Uma mensagem anterior para a mesma pessoa ainda está saindo.",
        "Não precisa fazer nada: esta sai logo depois da anterior.",
    ),
    Reason.DAILY_CAP: (
        "O número chegou ao limite de mensagens de hoje.",
        "Ela sai amanhã. Se for urgente, envie por outro número.",
    ),
    Reason.WARM_UP: (
        "O número é novo e aumenta os envios aos poucos.",
        "Ela sai assim que o limite do dia permitir.",
    ),
    Reason.QUIET_HOURS: (
        "Agora é horário de silêncio; a mensagem espera.",
        "Ela sai quando o horário de envios começar.",
    ),
    Reason.SCHEDULED: (
        "A mensagem está agendada.",
        "Ela sai na hora marcada. Você pode cancelar antes disso.",
    ),
    Reason.MEDIA_PENDING: (
        "O arquivo da mensagem ainda está sendo preparado.",
        "Não precisa fazer nada: ela sai quando o arquivo estiver pronto.",
    ),
    Reason.MEDIA_UNAVAILABLE: (
        "Não conseguimos abrir o arquivo desta mensagem.",
        "Anexe o arquivo de novo e envie outra vez.",
    ),
    Reason.MEDIA_TOO_LARGE: (
        "O arquivo é maior do que o WhatsApp aceita.",
        "Envie um arquivo menor.",
    ),
    Reason.CANCELLED: (
        "A mensagem foi cancelada antes de sair.",
        "Se mudou de ideia, envie uma nova mensagem.",
    ),
    Reason.APPOINTMENT_CHANGED: (
        "O agendamento mudou, então este aviso deixou de valer.",
        "Não precisa fazer nada: vale o aviso do novo horário.",
    ),
    Reason.EXPIRED: (
        "O prazo desta mensagem passou antes que ela pudesse sair.",
        "Se ainda fizer sentido, envie uma nova mensagem.",
    ),
    Reason.UNDELIVERED_IN_TIME: (
        "O WhatsApp não entregou a mensagem dentro do prazo.",
        "O celular pode estar desligado. Tente outro contato.",
    ),
    Reason.DUPLICATE_REQUEST: (
        "Este pedido já tinha sido feito; não enviamos duas vezes.",
        "Veja a mensagem original no histórico.",
    ),
    Reason.DUPLICATE_DETECTED: (
        "O cliente pode ter recebido esta mensagem duas vezes.",
        "Se for preciso, avise o cliente. O suporte já foi informado.",
    ),
    Reason.NOT_CONSENTED: (
        "Não há autorização do cliente para este tipo de mensagem.",
        "Registre a autorização no contato antes de enviar.",
    ),
    Reason.CONTACT_BLOCKED: (
        "Este contato está bloqueado aqui.",
        "Desbloqueie o contato se quiser voltar a escrever.",
    ),
    Reason.TEMPLATE_NOT_APPROVED: (
        "O modelo ainda não está aprovado.",
        "Espere a aprovação ou escolha outro modelo.",
    ),
    Reason.HANDED_TO_HUMAN: (
        "Uma pessoa da equipe assumiu a conversa.",
        "Responda pela conversa; as respostas automáticas estão paradas.",
    ),
    Reason.STALE_EVENT: (
        "O aviso que pediu esta mensagem chegou tarde demais.",
        "Veja a conversa e responda se ainda fizer sentido.",
    ),
    Reason.PROVIDER_UNREACHABLE: (
        "Não conseguimos falar com o WhatsApp agora. Nada foi enviado.",
        "Vamos tentar de novo sozinhos. Se demorar, confira a internet.",
    ),
    Reason.IN_DOUBT_NO_ANSWER: (
        "Enviamos o pedido, mas o WhatsApp não respondeu se aceitou.",
        "Estamos conferindo. Não reenvie ainda.",
    ),
    Reason.IN_DOUBT_NO_ID: (
        "O WhatsApp disse que aceitou, mas sem o comprovante.",
        "Estamos esperando a confirmação. Não reenvie.",
    ),
    Reason.IN_DOUBT_SOFT: (
        "O WhatsApp teve uma falha e não sabemos se aceitou a mensagem.",
        "Vamos esperar um pouco e conferir antes de tentar de novo.",
    ),
    Reason.IN_DOUBT_INTERRUPTED: (
        "O envio foi interrompido no meio.",
        "Estamos conferindo se a mensagem saiu. Não reenvie ainda.",
    ),
    Reason.PRESUMED_LOST: (
        "A tentativa anterior não chegou ao WhatsApp; enviamos de novo.",
        "Não precisa fazer nada.",
    ),
    Reason.NEEDS_DECISION: (
        "Não dá para saber se esta mensagem saiu.",
        "Pergunte ao cliente ou escolha entre reenviar e encerrar.",
    ),
    Reason.EXPIRED_IN_DOUBT: (
        "O prazo passou e não soubemos se a mensagem saiu.",
        "Se for importante, fale com o cliente por outro meio.",
    ),
    Reason.DECISION_ABANDONED: (
        "A equipe decidiu encerrar sem reenviar.",
        "Se mudou de ideia, envie uma nova mensagem.",
    ),
    Reason.QUALITY_REVIEW: (
        "O WhatsApp aceitou a mensagem, mas está avaliando o modelo antes de entregar.",
        "Não reenvie: ela sai quando a avaliação terminar.",
    ),
    Reason.RESTORED: (
        "O sistema foi restaurado de uma cópia; esta mensagem espera conferência.",
        "Confira se ela já saiu e depois libere ou encerre.",
    ),
    Reason.LOW_DISK: (
        "O sistema está com pouco espaço e segurou os envios.",
        "Avise o suporte técnico para liberar espaço.",
    ),
    Reason.CLOCK_SKEW: (
        "Os relógios do sistema não estão de acordo; seguramos os envios.",
        "Avise o suporte técnico para acertar o relógio.",
    ),
    Reason.CREDENTIALS_UNREADABLE: (
        "Não conseguimos abrir as credenciais deste número.",
        "Reconecte o número ou avise o suporte técnico.",
    ),
    Reason.INTERNAL_FAULT: (
        "Tivemos uma falha interna ao preparar esta mensagem.",
        "O suporte técnico foi avisado. Tente de novo mais tarde.",
    ),
}
