"""pt-BR sentences for what a provider says: what happened, then what to do."""

from __future__ import annotations

from typing import Final

from recado.kit.reasons import Reason

PROVIDER_PT: Final[dict[Reason, tuple[str, str]]] = {
    Reason.TOKEN_EXPIRED: (
        "A conexão com o WhatsApp venceu. As mensagens esperam na fila.",
        "Reconecte a conta na página de números para voltar a enviar.",
    ),
    Reason.PROOF_MISSING: (
        "Faltou uma credencial na chamada ao WhatsApp.",
        "Avise o suporte técnico para revisar a conexão da conta.",
    ),
    Reason.PERMISSION_MISSING: (
        "O WhatsApp não autoriza os envios por esta conta.",
        "Reconecte a conta e aceite todas as permissões.",
    ),
    Reason.THROUGHPUT: (
        "Estamos enviando rápido demais para este número.",
        "Não precisa fazer nada: o ritmo diminui e ela sai em instantes.",
    ),
    Reason.PAIR_RATE: (
        "Foram muitas mensagens seguidas para a mesma pessoa.",
        "Não precisa fazer nada: a próxima sai em alguns segundos.",
    ),
    Reason.PROVIDER_FAULT: (
        "O WhatsApp teve uma falha passageira.",
        "Vamos conferir e tentar de novo sozinhos.",
    ),
    Reason.NUMBER_MAINTENANCE: (
        "O número está em manutenção rápida no WhatsApp.",
        "Não precisa fazer nada: volta em poucos minutos.",
    ),
    Reason.SPAM_LIMIT: (
        "O WhatsApp limitou este número por bloqueios ou denúncias.",
        "Diminua os envios e escreva só a quem espera sua mensagem.",
    ),
    Reason.ACCOUNT_LOCKED: (
        "A conta do WhatsApp está bloqueada.",
        "Veja o motivo no Gerenciador do WhatsApp e peça revisão.",
    ),
    Reason.POLICY_BLOCK: (
        "A conta está bloqueada por um tempo pelas regras do WhatsApp.",
        "Pare os envios e leia o aviso da Meta antes de continuar.",
    ),
    Reason.CATEGORY_MISUSE: (
        "A Meta limitou os envios por categoria errada nos modelos.",
        "Revise a categoria dos modelos e veja o aviso da Meta.",
    ),
    Reason.PAYMENT_PROBLEM: (
        "Há um problema de pagamento na conta da Meta.",
        "Regularize o pagamento no Gerenciador do WhatsApp.",
    ),
    Reason.PAYMENT_TERMS: (
        "Falta aceitar os termos de pagamento do WhatsApp.",
        "Aceite os termos no Gerenciador do WhatsApp.",
    ),
    Reason.DISPLAY_NAME_NOT_APPROVED: (
        "O nome de exibição do número ainda não foi aprovado.",
        "Espere a aprovação ou escolha outro nome no Gerenciador.",
    ),
    Reason.NUMBER_DELETED: (
        "Este número não existe mais na conta do WhatsApp.",
        "Escolha outro número ou conecte este de novo.",
    ),
    Reason.NUMBER_NOT_REGISTERED: (
        "O número precisa ser registrado de novo no WhatsApp.",
        "Refaça o registro na página do número.",
    ),
    Reason.MARKETING_ROUTE_REQUIRED: (
        "As promoções desta conta devem sair pela rota de marketing da Meta.",
        "Avise o suporte técnico para ativar essa rota.",
    ),
    Reason.MARKETING_ONLY: (
        "Esta rota só aceita modelos de marketing.",
        "Envie um modelo de marketing ou use a rota comum.",
    ),
    Reason.UNDELIVERABLE: (
        "O WhatsApp não conseguiu entregar para este número.",
        "Confira o número. A pessoa pode não usar WhatsApp.",
    ),
    Reason.RECIPIENT_BLOCKED: (
        "Este contato está bloqueado pela empresa no WhatsApp.",
        "Desbloqueie o contato para voltar a escrever.",
    ),
    Reason.MARKETING_LIMIT: (
        "A Meta segurou a promoção para não cansar o cliente.",
        "Espere pelo menos um dia antes de enviar outra promoção.",
    ),
    Reason.META_EXPERIMENT: (
        "A Meta segurou esta promoção por um teste dela. Não há cobrança.",
        "Não reenvie. Se precisar, fale com o cliente por outro meio.",
    ),
    Reason.OPTED_OUT: (
        "O cliente pediu para não receber promoções.",
        "Respeite o pedido e envie apenas mensagens de serviço.",
    ),
    Reason.COUNTRY_BLOCKED: (
        "O WhatsApp não deixa esta empresa escrever para este país.",
        "Fale com o cliente por outro meio.",
    ),
    Reason.SELF_SEND: (
        "O destino é o próprio número da empresa.",
        "Escolha o número do cliente e envie de novo.",
    ),
    Reason.TEST_RECIPIENT: (
        "Este é um número de teste e o destino não está na lista dele.",
        "Cadastre o destino na lista da Meta ou use o número real.",
    ),
    Reason.PHONE_REQUIRED: (
        "Este modelo só pode ir para um telefone, e ainda não temos o dele.",
        "Peça o telefone ao cliente ou use outro modelo.",
    ),
    Reason.IDENTITY_CHANGED: (
        "O cliente trocou de aparelho ou de número.",
        "Confirme quem é antes de enviar dados pessoais.",
    ),
    Reason.CALL_UNAVAILABLE: (
        "O cliente não pode receber chamadas pelo WhatsApp.",
        "Escreva uma mensagem ou ligue por telefone.",
    ),
    Reason.GROUP_NOT_FOUND: (
        "O grupo não existe ou esta conta não tem acesso a ele.",
        "Confira o grupo ou escreva direto para a pessoa.",
    ),
    Reason.REFUSED_PARAMETER: (
        "Um dos dados da mensagem não foi aceito pelo WhatsApp.",
        "Revise o conteúdo e envie de novo.",
    ),
    Reason.MISSING_PARAMETER: (
        "Faltou um dado obrigatório na mensagem.",
        "Preencha todos os campos e envie de novo.",
    ),
    Reason.KIND_REFUSED: (
        "Este tipo de mensagem não é aceito pelo WhatsApp.",
        "Envie como texto, imagem ou documento.",
    ),
    Reason.REFUSED_WITHOUT_DETAIL: (
        "O WhatsApp recusou a mensagem sem explicar.",
        "Revise o conteúdo antes de tentar de novo.",
    ),
    Reason.MEDIA_REFUSED: (
        "O arquivo não foi aceito pelo WhatsApp.",
        "Confira o formato, o tamanho e o endereço do arquivo.",
    ),
    Reason.INBOUND_MEDIA_LOST: (
        "Não foi possível baixar o arquivo que o cliente enviou.",
        "Peça ao cliente para enviar de outro jeito.",
    ),
    Reason.INBOUND_UNAVAILABLE: (
        "A mensagem do cliente não pôde ser mostrada aqui.",
        "Veja a mensagem no aplicativo do celular.",
    ),
    Reason.WEBHOOK_UNDELIVERED: (
        "Algumas novidades do WhatsApp não chegaram até nós a tempo.",
        "Confira as conversas recentes no celular da empresa.",
    ),
    Reason.TEMPLATE_MISSING: (
        "O modelo não existe neste idioma ou ainda não foi aprovado.",
        "Escolha outro modelo ou espere a aprovação.",
    ),
    Reason.TEMPLATE_PARAMS: (
        "Os campos preenchidos não combinam com o modelo.",
        "Confira quantos campos o modelo tem e o que vai em cada um.",
    ),
    Reason.TEMPLATE_POLICY: (
        "O conteúdo do modelo não segue as regras do WhatsApp.",
        "Reescreva o modelo e peça nova aprovação.",
    ),
    Reason.TEMPLATE_PAUSED: (
        "A Meta pausou este modelo por baixa qualidade.",
        "Use outro modelo e revise o texto deste.",
    ),
    Reason.TEMPLATE_DISABLED: (
        "A Meta desativou este modelo de vez.",
        "Crie outro modelo com um texto diferente.",
    ),
    Reason.TEMPLATE_SYNCING: (
        "O modelo ainda está sendo preparado pela Meta.",
        "Não precisa fazer nada: tentamos de novo em dez minutos.",
    ),
    Reason.TEMPLATE_UNAVAILABLE: (
        "O modelo não está disponível para envios de marketing.",
        "Escolha outro modelo ou use a rota comum.",
    ),
    Reason.TEMPLATE_QUOTA: (
        "A conta chegou ao limite de modelos.",
        "Apague modelos que não usa mais.",
    ),
    Reason.TEMPLATE_EXISTS: (
        "Já existe um modelo com este nome e idioma.",
        "Escolha outro nome ou edite o modelo que já existe.",
    ),
    Reason.TEMPLATE_IN_REVIEW: (
        "O modelo está em análise e ainda não pode ser editado.",
        "Espere o fim da análise e tente amanhã.",
    ),
    Reason.TEMPLATE_FORMAT: (
        "O texto do modelo está fora do formato que a Meta aceita.",
        "Encurte o texto e não comece nem termine com um campo.",
    ),
    Reason.FLOW_BLOCKED: (
        "O formulário desta mensagem está bloqueado.",
        "Revise o formulário no Gerenciador do WhatsApp.",
    ),
    Reason.FLOW_THROTTLED: (
        "O formulário desta mensagem está limitado por enquanto.",
        "Não precisa fazer nada: tentamos de novo mais tarde.",
    ),
    Reason.DEREGISTRATION_INCOMPLETE: (
        "O número ficou com um cancelamento pela metade.",
        "Cancele o registro de novo e depois registre outra vez.",
    ),
    Reason.REGISTRATION_UNAVAILABLE: (
        "O registro de números está fora do ar no WhatsApp.",
        "Tente de novo em alguns minutos.",
    ),
    Reason.PIN_WRONG: (
        "O PIN de duas etapas está incorreto.",
        "Confira o PIN. Se não lembrar, peça um novo no Gerenciador.",
    ),
    Reason.PIN_ATTEMPTS: (
        "Foram muitas tentativas de PIN.",
        "Espere um pouco antes de tentar de novo.",
    ),
    Reason.NUMBER_NOT_VERIFIED: (
        "É preciso confirmar o número antes de registrar.",
        "Peça o código de confirmação na página do número.",
    ),
    Reason.NUMBER_JUST_DELETED: (
        "O número foi excluído há pouco.",
        "Espere cinco minutos e registre de novo.",
    ),
    Reason.REGISTRATION_LIMIT: (
        "Foram tentativas demais de registro deste número.",
        "Espere até três dias antes de tentar de novo.",
    ),
    Reason.CODE_NOT_REQUESTABLE: (
        "Não dá para pedir o código agora; o número pode já estar confirmado.",
        "Confira a situação do número antes de pedir outro código.",
    ),
    Reason.CODE_WRONG: (
        "O código de confirmação está incorreto.",
        "Confira o código ou peça um novo.",
    ),
    Reason.NUMBER_NOT_MIGRATABLE: (
        "O número ainda não pode mudar de conta.",
        "Confirme que o número é seu e desligue a confirmação em duas etapas.",
    ),
    Reason.BLOCK_FAILED: (
        "Não foi possível bloquear alguns contatos.",
        "Tente de novo mais tarde.",
    ),
    Reason.BLOCK_LIST_FULL: (
        "A lista de bloqueados do WhatsApp está cheia.",
        "Remova contatos antigos da lista.",
    ),
    Reason.LIST_CHANGED: (
        "A lista mudou enquanto era lida.",
        "Abra a lista de novo e repita.",
    ),
    Reason.USERNAME_TAKEN: (
        "Este nome de usuário não está disponível.",
        "Escolha outro nome.",
    ),
    Reason.USERNAME_NOT_ALLOWED: (
        "A conta ainda não pode pedir um nome de usuário.",
        "Espere a liberação da Meta.",
    ),
    Reason.USERNAME_ELSEWHERE: (
        "Este nome já está em outro número da empresa.",
        "Transfira o nome no Gerenciador do WhatsApp.",
    ),
    Reason.SYNC_ALREADY_REQUESTED: (
        "A sincronização com o celular já foi pedida uma vez.",
        "Para repetir, desconecte e conecte o número de novo.",
    ),
    Reason.SYNC_TOO_LATE: (
        "O prazo para sincronizar com o celular passou.",
        "Desconecte e conecte o número de novo.",
    ),
    Reason.HISTORY_REFUSED: (
        "O dono do número preferiu não compartilhar o histórico.",
        "Não precisa fazer nada: as conversas começam do zero aqui.",
    ),
    Reason.UNKNOWN_PROVIDER_ERROR: (
        "O WhatsApp recusou o pedido por um motivo que ainda não conhecemos.",
        "Veja o detalhe técnico ou fale com o suporte.",
    ),
}
