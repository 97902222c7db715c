"""English sentences for recado's own reasons: what happened, then what to do."""

from __future__ import annotations

from typing import Final

from recado.kit.reasons import Reason

OWN_EN: Final[dict[Reason, tuple[str, str]]] = {
    Reason.WINDOW_CLOSED: (
        "More than 24 hours have passed since the customer last wrote.",
        "Send an approved template or wait for the customer to write.",
    ),
    Reason.TENANT_DISABLED: (
        "Sending is switched off for this company.",
        "Switch sending on in the settings when you want to start again.",
    ),
    Reason.DRY_RUN: (
        "This is test mode: the message was simulated and nobody received it.",
        "Change to normal mode in the settings to really send.",
    ),
    Reason.KILL_SWITCH: (
        "Sending was stopped with the emergency button.",
        "When everything is fine, release sending in the settings.",
    ),
    Reason.ROLLOUT_EXCLUDED: (
        "This contact is not part of the gradual rollout yet.",
        "Raise the rollout in the settings to include more people.",
    ),
    Reason.NUMBER_PAUSED: (
        "The sending number is paused. The message is waiting in line.",
        "Open the number's page to see why it stopped and resume it.",
    ),
    Reason.NUMBER_DISCONNECTED: (
        "The sending number is disconnected.",
        "Reconnect the number on the numbers page.",
    ),
    Reason.NO_ROUTE: (
        "No number of this company can send this message.",
        "Connect or activate a number on the numbers page.",
    ),
    Reason.KIND_NOT_SUPPORTED: (
        "The chosen number cannot send this kind of message.",
        "Choose another number or another kind of message.",
    ),
    Reason.INVALID_RECIPIENT: (
        "The customer's phone number does not look valid.",
        "Check the number with country and area code and send again.",
    ),
    Reason.INVALID_CONTENT: (
        "The message contains something WhatsApp does not accept.",
        "Review the content and send again.",
    ),
    Reason.PACE: (
        "It is in line so that the number keeps a good pace.",
        "Nothing to do: it leaves by itself in a moment.",
    ),
    Reason.PAIR_PACE: (
        "Several messages go to the same person; this one waits a little.",
        "Nothing to do: it leaves in a few seconds.",
    ),
    Reason.EARLIER_MESSAGE: (
        "An earlier message to the same person is still on its way.",
        "Nothing to do: this one leaves right after it.",
    ),
    Reason.DAILY_CAP: (
        "The number reached today's message limit.",
        "It leaves tomorrow. If it is urgent, send from another number.",
    ),
    Reason.WARM_UP: (
        "The number is new and sends a little more each day.",
        "It leaves as soon as the day's limit allows.",
    ),
    Reason.QUIET_HOURS: (
        "It is quiet time now; the message is waiting.",
        "It leaves when sending hours begin.",
    ),
    Reason.SCHEDULED: (
        "The message is scheduled.",
        "It leaves at the chosen time. You can cancel it before then.",
    ),
    Reason.MEDIA_PENDING: (
        "The file of this message is still being prepared.",
        "Nothing to do: it leaves when the file is ready.",
    ),
    Reason.MEDIA_UNAVAILABLE: (
        "We could not open the file of this message.",
        "Attach the file again and send once more.",
    ),
    Reason.MEDIA_TOO_LARGE: (
        "The file is larger than WhatsApp accepts.",
        "Send a smaller file.",
    ),
    Reason.CANCELLED: (
        "The message was cancelled before it left.",
        "If you changed your mind, send a new message.",
    ),
    Reason.APPOINTMENT_CHANGED: (
        "The appointment changed, so this notice no longer applies.",
        "Nothing to do: the notice for the new time applies.",
    ),
    Reason.EXPIRED: (
        "The deadline of this message passed before it could leave.",
        "If it still makes sense, send a new message.",
    ),
    Reason.UNDELIVERED_IN_TIME: (
        "WhatsApp did not deliver the message in time.",
        "The phone may be switched off. Try another way to reach the person.",
    ),
    Reason.DUPLICATE_REQUEST: (
        "This request had been made before; we did not send it twice.",
        "See the original message in the history.",
    ),
    Reason.DUPLICATE_DETECTED: (
        "The customer may have received this message twice.",
        "Tell the customer if needed. Support has been informed.",
    ),
    Reason.NOT_CONSENTED: (
        "There is no consent from the customer for this kind of message.",
        "Record the consent on the contact before sending.",
    ),
    Reason.CONTACT_BLOCKED: (
        "This contact is blocked here.",
        "Unblock the contact if you want to write again.",
    ),
    Reason.TEMPLATE_NOT_APPROVED: (
        "The template is not approved yet.",
        "Wait for the approval or choose another template.",
    ),
    Reason.HANDED_TO_HUMAN: (
        "Someone from the team took over the conversation.",
        "Answer in the conversation; automatic replies are stopped.",
    ),
    Reason.STALE_EVENT: (
        "The event that asked for this message arrived too late.",
        "Look at the conversation and answer if it still makes sense.",
    ),
    Reason.PROVIDER_UNREACHABLE: (
        "We cannot reach WhatsApp right now. Nothing was sent.",
        "We will try again by ourselves. If it lasts, check the internet.",
    ),
    Reason.IN_DOUBT_NO_ANSWER: (
        "We made the request but WhatsApp did not say if it accepted it.",
        "We are checking. Please do not send it again yet.",
    ),
    Reason.IN_DOUBT_NO_ID: (
        "WhatsApp said it accepted the message but gave no receipt.",
        "We are waiting for confirmation. Please do not send it again.",
    ),
    Reason.IN_DOUBT_SOFT: (
        "WhatsApp had a fault and we do not know if it took the message.",
        "We will wait a little and check before trying again.",
    ),
    Reason.IN_DOUBT_INTERRUPTED: (
        "Sending was interrupted half way.",
        "We are checking if the message left. Please do not send it again yet.",
    ),
    Reason.PRESUMED_LOST: (
        "The earlier try did not reach WhatsApp; we sent it again.",
        "Nothing to do.",
    ),
    Reason.NEEDS_DECISION: (
        "We cannot find out if this message left.",
        "Ask the customer, or choose between sending again and closing it.",
    ),
    Reason.EXPIRED_IN_DOUBT: (
        "The deadline passed and we never learned if the message left.",
        "If it matters, reach the customer another way.",
    ),
    Reason.DECISION_ABANDONED: (
        "The team decided to close it without sending again.",
        "If you changed your mind, send a new message.",
    ),
    Reason.QUALITY_REVIEW: (
        "WhatsApp accepted the message but is reviewing the template first.",
        "Do not send it again: it leaves when the review ends.",
    ),
    Reason.RESTORED: (
        "The system was restored from a copy; this message awaits a check.",
        "Check if it already left, then release or close it.",
    ),
    Reason.LOW_DISK: (
        "The system is short of space and is holding messages.",
        "Ask technical support to free some space.",
    ),
    Reason.CLOCK_SKEW: (
        "The system's clocks disagree, so messages are being held.",
        "Ask technical support to set the clock.",
    ),
    Reason.CREDENTIALS_UNREADABLE: (
        "We could not open this number's credentials.",
        "Reconnect the number or tell technical support.",
    ),
    Reason.INTERNAL_FAULT: (
        "We had an internal fault while preparing this message.",
        "Technical support was told. Try again later.",
    ),
}
