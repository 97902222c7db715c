"""English sentences for what a provider says: what happened, then what to do."""

from __future__ import annotations

from typing import Final

from recado.kit.reasons import Reason

PROVIDER_EN: Final[dict[Reason, tuple[str, str]]] = {
    Reason.TOKEN_EXPIRED: (
        "The connection to WhatsApp has expired. Messages wait in line.",
        "Reconnect the account on the numbers page to send again.",
    ),
    Reason.PROOF_MISSING: (
        "A credential was missing when calling WhatsApp.",
        "Ask technical support to review the account's connection.",
    ),
    Reason.PERMISSION_MISSING: (
        "WhatsApp does not authorise sending from this account.",
        "Reconnect the account and accept every permission.",
    ),
    Reason.THROUGHPUT: (
        "We are sending too fast for this number.",
        "Nothing to do: the pace goes down and it leaves in a moment.",
    ),
    Reason.PAIR_RATE: (
        "Too many messages in a row went to the same person.",
        "Nothing to do: the next one leaves in a few seconds.",
    ),
    Reason.PROVIDER_FAULT: (
        "WhatsApp had a passing fault.",
        "We will check and try again by ourselves.",
    ),
    Reason.NUMBER_MAINTENANCE: (
        "The number is in short maintenance at WhatsApp.",
        "Nothing to do: it comes back in a few minutes.",
    ),
    Reason.SPAM_LIMIT: (
        "WhatsApp limited this number after blocks or reports.",
        "Send less, and only to people who expect your message.",
    ),
    Reason.ACCOUNT_LOCKED: (
        "The WhatsApp account is locked.",
        "See why in WhatsApp Manager and ask for a review.",
    ),
    Reason.POLICY_BLOCK: (
        "The account is blocked for a while under WhatsApp's rules.",
        "Stop sending and read Meta's notice before going on.",
    ),
    Reason.CATEGORY_MISUSE: (
        "Meta limited sending because templates use the wrong category.",
        "Review the templates' category and read Meta's notice.",
    ),
    Reason.PAYMENT_PROBLEM: (
        "There is a payment problem in the Meta account.",
        "Settle the payment in WhatsApp Manager.",
    ),
    Reason.PAYMENT_TERMS: (
        "WhatsApp's payment terms have not been accepted.",
        "Accept the terms in WhatsApp Manager.",
    ),
    Reason.DISPLAY_NAME_NOT_APPROVED: (
        "The number's display name is not approved yet.",
        "Wait for the approval or choose another name in WhatsApp Manager.",
    ),
    Reason.NUMBER_DELETED: (
        "This number no longer exists in the WhatsApp account.",
        "Choose another number or connect this one again.",
    ),
    Reason.NUMBER_NOT_REGISTERED: (
        "The number has to be registered at WhatsApp again.",
        "Register it again on the number's page.",
    ),
    Reason.MARKETING_ROUTE_REQUIRED: (
        "Promotions of this account must use Meta's marketing route.",
        "Ask technical support to switch that route on.",
    ),
    Reason.MARKETING_ONLY: (
        "This route only takes marketing templates.",
        "Send a marketing template or use the normal route.",
    ),
    Reason.UNDELIVERABLE: (
        "WhatsApp could not deliver to this number.",
        "Check the number. The person may not use WhatsApp.",
    ),
    Reason.RECIPIENT_BLOCKED: (
        "The company has blocked this contact on WhatsApp.",
        "Unblock the contact to write again.",
    ),
    Reason.MARKETING_LIMIT: (
        "Meta held this promotion so that the customer is not overloaded.",
        "Wait at least a day before sending another promotion.",
    ),
    Reason.META_EXPERIMENT: (
        "Meta held this promotion for a test of its own. It is not charged.",
        "Do not send it again. Reach the customer another way if needed.",
    ),
    Reason.OPTED_OUT: (
        "The customer asked not to receive promotions.",
        "Respect the request and send service messages only.",
    ),
    Reason.COUNTRY_BLOCKED: (
        "WhatsApp does not let this company write to this country.",
        "Reach the customer another way.",
    ),
    Reason.SELF_SEND: (
        "The recipient is the company's own number.",
        "Choose the customer's number and send again.",
    ),
    Reason.TEST_RECIPIENT: (
        "This is a test number and the recipient is not on its list.",
        "Add the recipient to Meta's list or use the real number.",
    ),
    Reason.PHONE_REQUIRED: (
        "This template needs a phone number and we do not have one yet.",
        "Ask the customer for the number or use another template.",
    ),
    Reason.IDENTITY_CHANGED: (
        "The customer changed phone or number.",
        "Confirm who it is before sending personal details.",
    ),
    Reason.CALL_UNAVAILABLE: (
        "The customer cannot take calls on WhatsApp.",
        "Write a message or use a normal phone call.",
    ),
    Reason.GROUP_NOT_FOUND: (
        "The group does not exist or this account cannot reach it.",
        "Check the group or write to the person directly.",
    ),
    Reason.REFUSED_PARAMETER: (
        "WhatsApp did not accept something in the message.",
        "Review the content and send again.",
    ),
    Reason.MISSING_PARAMETER: (
        "A required detail of the message is missing.",
        "Fill in every field and send again.",
    ),
    Reason.KIND_REFUSED: (
        "WhatsApp does not accept this kind of message.",
        "Send it as a text, an image or a document.",
    ),
    Reason.REFUSED_WITHOUT_DETAIL: (
        "WhatsApp refused the message without explaining.",
        "Review the content before trying again.",
    ),
    Reason.MEDIA_REFUSED: (
        "WhatsApp did not accept the file.",
        "Check the file's format, size and address.",
    ),
    Reason.INBOUND_MEDIA_LOST: (
        "The file the customer sent could not be downloaded.",
        "Ask the customer to send it another way.",
    ),
    Reason.INBOUND_UNAVAILABLE: (
        "The customer's message could not be shown here.",
        "See the message in the app on the phone.",
    ),
    Reason.WEBHOOK_UNDELIVERED: (
        "Some updates from WhatsApp did not reach us in time.",
        "Check recent conversations on the company's phone.",
    ),
    Reason.TEMPLATE_MISSING: (
        "The template does not exist in this language or is not approved.",
        "Choose another template or wait for the approval.",
    ),
    Reason.TEMPLATE_PARAMS: (
        "The values do not fit the template.",
        "Check how many fields the template has and what goes in each.",
    ),
    Reason.TEMPLATE_POLICY: (
        "The template's content does not follow WhatsApp's rules.",
        "Rewrite the template and ask for approval again.",
    ),
    Reason.TEMPLATE_PAUSED: (
        "Meta paused this template because of low quality.",
        "Use another template and review this one's wording.",
    ),
    Reason.TEMPLATE_DISABLED: (
        "Meta has disabled this template for good.",
        "Create another template with different wording.",
    ),
    Reason.TEMPLATE_SYNCING: (
        "Meta is still preparing the template.",
        "Nothing to do: we try again in ten minutes.",
    ),
    Reason.TEMPLATE_UNAVAILABLE: (
        "The template is not available for marketing sends.",
        "Choose another template or use the normal route.",
    ),
    Reason.TEMPLATE_QUOTA: (
        "The account reached its limit of templates.",
        "Delete templates you no longer use.",
    ),
    Reason.TEMPLATE_EXISTS: (
        "A template with this name and language already exists.",
        "Choose another name or edit the existing template.",
    ),
    Reason.TEMPLATE_IN_REVIEW: (
        "The template is under review and cannot be edited yet.",
        "Wait for the review to finish and try tomorrow.",
    ),
    Reason.TEMPLATE_FORMAT: (
        "The template's wording is not in a form Meta accepts.",
        "Shorten it and do not begin or end with a field.",
    ),
    Reason.FLOW_BLOCKED: (
        "The form in this message is blocked.",
        "Review the form in WhatsApp Manager.",
    ),
    Reason.FLOW_THROTTLED: (
        "The form in this message is limited for now.",
        "Nothing to do: we try again later.",
    ),
    Reason.DEREGISTRATION_INCOMPLETE: (
        "A cancellation of this number was left half done.",
        "Cancel the registration again, then register once more.",
    ),
    Reason.REGISTRATION_UNAVAILABLE: (
        "Number registration at WhatsApp is not available.",
        "Try again in a few minutes.",
    ),
    Reason.PIN_WRONG: (
        "The two-step PIN is wrong.",
        "Check the PIN. If you forgot it, ask for a new one in WhatsApp Manager.",
    ),
    Reason.PIN_ATTEMPTS: (
        "There were too many attempts at the PIN.",
        "Wait a little before trying again.",
    ),
    Reason.NUMBER_NOT_VERIFIED: (
        "The number must be confirmed before it is registered.",
        "Ask for the confirmation code on the number's page.",
    ),
    Reason.NUMBER_JUST_DELETED: (
        "The number was deleted a moment ago.",
        "Wait five minutes and register again.",
    ),
    Reason.REGISTRATION_LIMIT: (
        "There were too many attempts to register this number.",
        "Wait up to three days before trying again.",
    ),
    Reason.CODE_NOT_REQUESTABLE: (
        "A code cannot be requested now; the number may be confirmed already.",
        "Check the number's state before asking for another code.",
    ),
    Reason.CODE_WRONG: (
        "The confirmation code is wrong.",
        "Check the code or ask for a new one.",
    ),
    Reason.NUMBER_NOT_MIGRATABLE: (
        "The number cannot move to another account yet.",
        "Confirm that you own it and switch two-step confirmation off.",
    ),
    Reason.BLOCK_FAILED: (
        "Some contacts could not be blocked.",
        "Try again later.",
    ),
    Reason.BLOCK_LIST_FULL: (
        "WhatsApp's list of blocked contacts is full.",
        "Remove old contacts from the list.",
    ),
    Reason.LIST_CHANGED: (
        "The list changed while it was being read.",
        "Open the list again and repeat.",
    ),
    Reason.USERNAME_TAKEN: (
        "This username is not available.",
        "Choose another name.",
    ),
    Reason.USERNAME_NOT_ALLOWED: (
        "The account cannot ask for a username yet.",
        "Wait until Meta allows it.",
    ),
    Reason.USERNAME_ELSEWHERE: (
        "This name is already on another number of the company.",
        "Transfer the name in WhatsApp Manager.",
    ),
    Reason.SYNC_ALREADY_REQUESTED: (
        "The sync with the phone was already requested once.",
        "To repeat it, disconnect and connect the number again.",
    ),
    Reason.SYNC_TOO_LATE: (
        "The time to sync with the phone has passed.",
        "Disconnect and connect the number again.",
    ),
    Reason.HISTORY_REFUSED: (
        "The number's owner chose not to share the history.",
        "Nothing to do: conversations start fresh here.",
    ),
    Reason.UNKNOWN_PROVIDER_ERROR: (
        "WhatsApp refused the request for a reason we do not know yet.",
        "See the technical detail or talk to support.",
    ),
}
