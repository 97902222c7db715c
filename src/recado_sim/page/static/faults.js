// What Meta can be made to do wrong, in words; the simulator's own names on the left.

export const GROUPS = [
  ["Antes de aceitar", {
    slow: "Resposta lenta",
    token_expired: "Token vencido",
    graph_500: "Erro interno da Meta",
    http_500: "Meta fora do ar",
    graph_130429: "Ritmo alto demais",
    http_429: "Ritmo alto demais, pede espera",
    pair_rate: "Mensagens demais para a mesma pessoa",
    template_paused: "Modelo pausado",
    any_error: "Recusa com um código",
    timeout_before_accept: "Não responde; nada foi aceito",
    reset_before_accept: "Conexão cai; nada foi aceito",
  }],
  ["Depois de aceitar", {
    reset_after_accept: "Aceita e a conexão cai",
    timeout_after_accept: "Aceita e não responde",
    truncated_200: "Aceita e a resposta vem pela metade",
    garbage_200: "Aceita e responde sem sentido",
    no_id_200: "Aceita sem dar o código da mensagem",
    failed_later: "Aceita e depois avisa que falhou",
  }],
  ["Avisos da Meta (webhooks)", {
    webhooks_duplicated: "Avisos repetidos",
    webhooks_shuffled: "Avisos fora de ordem",
    webhooks_delayed: "Avisos atrasados",
    webhooks_batched: "Avisos juntos, de uma vez",
    webhooks_dropped: "Avisos que se perdem",
    webhooks_bad_signature: "Avisos com assinatura errada",
  }],
];

/** One tap each. How often they strike: null is until they are let go. */
export const QUICK = [
  ["slow", "Lenta", null],
  ["token_expired", "Token vencido", null],
  ["reset_after_accept", "Cai depois de aceitar", 1],
  ["webhooks_duplicated", "Avisos repetidos", null],
  ["webhooks_shuffled", "Fora de ordem", null],
];

const LABELS = Object.assign({}, ...GROUPS.map(([, kinds]) => kinds));

/** Kinds whose refusal is chosen by code. */
export const WITH_CODE = new Set(["any_error", "failed_later"]);

export const CODES = [
  [131026, "Não recebeu: sem WhatsApp ou app antigo"],
  [131047, "Janela de 24 h fechada"],
  [131049, "Meta segurou para não incomodar"],
  [130472, "Pessoa em experimento da Meta"],
  [131042, "Problema de pagamento"],
  [131048, "Número limitado por bloqueios"],
  [368, "Conta bloqueada por regras"],
  [131053, "Mídia não pôde ser baixada"],
  [132001, "Modelo não existe"],
  [131000, "Erro sem explicação"],
];

/** A kind this page does not know keeps the simulator's name. @param {string} kind */
export const faultLabel = (kind) => LABELS[kind] ?? kind.replace(/[_-]/g, " ");
