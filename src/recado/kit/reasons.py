"""Why a message is skipped, waiting, held, in doubt or failed: one closed list.

A reason is a meaning, not a code: several codes of a provider share one. Values are stored in the
database and returned by the API, so a value never changes once released. The sentences people read
are in `kit/reason_texts`; a test demands one in every language for every reason.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Numbers in comments are Meta's codes; `providers/meta/codes.py` has the table."""

    # ---- recado's own
    # free text is only allowed for 24 hours after the person's last message (also Meta 131047)
    WINDOW_CLOSED = "window_closed"
    TENANT_DISABLED = "tenant_disabled"  # the tenant is switched off
    DRY_RUN = "dry_run"  # the tenant or installation only simulates
    KILL_SWITCH = "kill_switch"  # somebody pressed the emergency stop
    ROLLOUT_EXCLUDED = "rollout_excluded"  # the gradual rollout does not include this person yet
    NUMBER_PAUSED = "number_paused"  # the sending number is paused by an operator or by recado
    # the number lost its connection or was never connected
    NUMBER_DISCONNECTED = "number_disconnected"
    NO_ROUTE = "no_route"  # no number of the tenant can send this message
    KIND_NOT_SUPPORTED = "kind_not_supported"  # the provider of the number cannot express this kind
    # the address is neither a phone number nor a provider user id
    INVALID_RECIPIENT = "invalid_recipient"
    INVALID_CONTENT = "invalid_content"  # the message breaks a rule we check before sending
    PACE = "pace"  # waiting for its turn at the number's rate
    PAIR_PACE = "pair_pace"  # waiting so that one person does not get a burst
    EARLIER_MESSAGE = "earlier_message"  # an earlier message of the same conversation is still open
    DAILY_CAP = "daily_cap"  # the number reached its limit of the day
    WARM_UP = "warm_up"  # a new number starts slowly
    QUIET_HOURS = "quiet_hours"  # outside the hours in which the tenant sends
    SCHEDULED = "scheduled"  # the caller asked for a later moment
    MEDIA_PENDING = "media_pending"  # the attachment is still being prepared
    MEDIA_UNAVAILABLE = "media_unavailable"  # the attachment cannot be fetched or no longer exists
    MEDIA_TOO_LARGE = "media_too_large"  # the attachment is larger than the provider takes
    CANCELLED = "cancelled"  # the tenant or an operator cancelled before it left
    # the appointment behind a reminder was moved or cancelled
    APPOINTMENT_CHANGED = "appointment_changed"
    EXPIRED = "expired"  # the deadline passed before it could leave
    UNDELIVERED_IN_TIME = "undelivered_in_time"  # the provider's validity passed without a delivery
    DUPLICATE_REQUEST = "duplicate_request"  # the same request was already accepted
    DUPLICATE_DETECTED = "duplicate_detected"  # two tries of one message were both accepted
    NOT_CONSENTED = "not_consented"  # no consent on record for this kind
    CONTACT_BLOCKED = "contact_blocked"  # the tenant blocked this contact in recado
    TEMPLATE_NOT_APPROVED = "template_not_approved"  # our copy says the template is not approved
    # a person took over the conversation, automatic answers stop
    HANDED_TO_HUMAN = "handed_to_human"
    STALE_EVENT = "stale_event"  # the event that asked for this is too old to act on
    # connect, name lookup or TLS failed: certainly not sent
    PROVIDER_UNREACHABLE = "provider_unreachable"
    IN_DOUBT_NO_ANSWER = "in_doubt_no_answer"  # the request left and no usable answer came
    IN_DOUBT_NO_ID = "in_doubt_no_id"  # the provider said yes without an id: never resend
    IN_DOUBT_SOFT = "in_doubt_soft"  # the provider answered with a fault of its own
    # the sending process stopped between asking and hearing the answer
    IN_DOUBT_INTERRUPTED = "in_doubt_interrupted"
    PRESUMED_LOST = "presumed_lost"  # proof exists that the earlier try did not arrive
    NEEDS_DECISION = "needs_decision"  # the outcome cannot be found out automatically
    EXPIRED_IN_DOUBT = "expired_in_doubt"  # the deadline passed and the outcome is unknown
    DECISION_ABANDONED = "decision_abandoned"  # an operator closed it without resending
    # the provider accepted it but holds it to assess the template
    QUALITY_REVIEW = "quality_review"
    RESTORED = "restored"  # held after a restore so nothing leaves twice
    LOW_DISK = "low_disk"  # the database has too little room
    CLOCK_SKEW = "clock_skew"  # application and database clocks disagree
    # the stored credentials of the number cannot be decrypted
    CREDENTIALS_UNREADABLE = "credentials_unreadable"
    INTERNAL_FAULT = "internal_fault"  # a bug or an unexpected fault of recado itself

    # ---- said by a provider (numbers are Meta's error codes)
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - Meta 0, 102, 190
    PROOF_MISSING = "proof_missing"  # 104
    PERMISSION_MISSING = "permission_missing"  # 3, 10, 200-299, 131005
    THROUGHPUT = "throughput"  # 4, 17, 613, 80007, 80008, 130429
    PAIR_RATE = "pair_rate"  # 131056
    PROVIDER_FAULT = "provider_fault"  # 1, 2, 131000, 131016
    NUMBER_MAINTENANCE = "number_maintenance"  # 131057, 2494100
    SPAM_LIMIT = "spam_limit"  # 131048
    ACCOUNT_LOCKED = "account_locked"  # 131031
    POLICY_BLOCK = "policy_block"  # 368
    CATEGORY_MISUSE = "category_misuse"  # 131064
    PAYMENT_PROBLEM = "payment_problem"  # 131042, 131044
    PAYMENT_TERMS = "payment_terms"  # 134011
    DISPLAY_NAME_NOT_APPROVED = "display_name_not_approved"  # 131037
    NUMBER_DELETED = "number_deleted"  # 33
    NUMBER_NOT_REGISTERED = "number_not_registered"  # 131045, 133010
    MARKETING_ROUTE_REQUIRED = "marketing_route_required"  # 131063
    MARKETING_ONLY = "marketing_only"  # 131055, 134100
    UNDELIVERABLE = "undeliverable"  # 131026
    RECIPIENT_BLOCKED = "recipient_blocked"  # 130403
    MARKETING_LIMIT = "marketing_limit"  # 131049
    META_EXPERIMENT = "meta_experiment"  # 130472
    OPTED_OUT = "opted_out"  # 131050
    COUNTRY_BLOCKED = "country_blocked"  # 130497
    SELF_SEND = "self_send"  # 131021
    TEST_RECIPIENT = "test_recipient"  # 131030
    PHONE_REQUIRED = "phone_required"  # 131062
    IDENTITY_CHANGED = "identity_changed"  # 137000
    CALL_UNAVAILABLE = "call_unavailable"  # 138000-138021
    GROUP_NOT_FOUND = "group_not_found"  # 131020, 131041, 131200-131299
    REFUSED_PARAMETER = "refused_parameter"  # 100, 131009
    MISSING_PARAMETER = "missing_parameter"  # 131008
    KIND_REFUSED = "kind_refused"  # 131051
    REFUSED_WITHOUT_DETAIL = "refused_without_detail"  # 135000
    MEDIA_REFUSED = "media_refused"  # 131053
    INBOUND_MEDIA_LOST = "inbound_media_lost"  # 131052
    INBOUND_UNAVAILABLE = "inbound_unavailable"  # 131060
    WEBHOOK_UNDELIVERED = "webhook_undelivered"  # 131035
    TEMPLATE_MISSING = "template_missing"  # 132001
    TEMPLATE_PARAMS = "template_params"  # 132000, 132005, 132008, 132012, 132018
    TEMPLATE_POLICY = "template_policy"  # 132007
    TEMPLATE_PAUSED = "template_paused"  # 132015
    TEMPLATE_DISABLED = "template_disabled"  # 132016
    TEMPLATE_SYNCING = "template_syncing"  # 134101
    TEMPLATE_UNAVAILABLE = "template_unavailable"  # 134102
    TEMPLATE_QUOTA = "template_quota"  # 2388019
    TEMPLATE_EXISTS = "template_exists"  # 2388024
    TEMPLATE_IN_REVIEW = "template_in_review"  # 2388039
    TEMPLATE_FORMAT = "template_format"  # 2388040, 2388047, 2388072, 2388073, 2388293, 2388299
    FLOW_BLOCKED = "flow_blocked"  # 132068, 139000-139004
    FLOW_THROTTLED = "flow_throttled"  # 132069
    DEREGISTRATION_INCOMPLETE = "deregistration_incomplete"  # 133000
    REGISTRATION_UNAVAILABLE = "registration_unavailable"  # 133004
    PIN_WRONG = "pin_wrong"  # 133005
    PIN_ATTEMPTS = "pin_attempts"  # 133008, 133009
    NUMBER_NOT_VERIFIED = "number_not_verified"  # 133006
    NUMBER_JUST_DELETED = "number_just_deleted"  # 133015
    REGISTRATION_LIMIT = "registration_limit"  # 133016
    CODE_NOT_REQUESTABLE = "code_not_requestable"  # 136024
    CODE_WRONG = "code_wrong"  # 136025
    NUMBER_NOT_MIGRATABLE = "number_not_migratable"  # 2388001, 2388103, 2593079, 2593085
    BLOCK_FAILED = "block_failed"  # 139100, 139103
    BLOCK_LIST_FULL = "block_list_full"  # 139101
    LIST_CHANGED = "list_changed"  # 131059, 139102
    USERNAME_TAKEN = "username_taken"  # 147001
    USERNAME_NOT_ALLOWED = "username_not_allowed"  # 147002
    USERNAME_ELSEWHERE = "username_elsewhere"  # 147005
    SYNC_ALREADY_REQUESTED = "sync_already_requested"  # 2593107
    SYNC_TOO_LATE = "sync_too_late"  # 2593108
    HISTORY_REFUSED = "history_refused"  # 2593109
    UNKNOWN_PROVIDER_ERROR = "unknown_provider_error"  # any code nobody knows
