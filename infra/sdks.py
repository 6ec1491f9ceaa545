"""What the providers' own SDKs say of signatures: reads one JSON object a line, answers each with one.

In: {"kind", "key", "body" or "url" and "fields" or "id", "timestamp" and "body", "signatures": [...]}.
Out: {"accepted": [...], "signature": "..."}: whether the SDK takes each signature, and the one that it makes itself.
"""

import json
import sys
import time
from datetime import datetime, timezone

from retell.lib import webhook_auth
from standardwebhooks import Webhook, WebhookVerificationError
from twilio.request_validator import RequestValidator


class Fields(dict):
    """A form as web frameworks give it: several values of a name."""

    def getlist(self, name):
        return self[name]


def retell(case):
    accepted = [
        bool(webhook_auth.verify(case["body"], case["key"], signature))
        for signature in case["signatures"]
    ]
    made = webhook_auth.symmetric["sign"](case["body"], case["key"], int(time.time() * 1000))
    return accepted, made


def twilio(case):
    validator = RequestValidator(case["key"])
    fields = Fields()
    for name, value in case["fields"]:
        fields.setdefault(name, []).append(value)
    accepted = [
        bool(validator.validate(case["url"], fields, signature))
        for signature in case["signatures"]
    ]
    return accepted, validator.compute_signature(case["url"], fields)


def standard(case):
    webhook = Webhook(case["key"])
    accepted = []
    for signature in case["signatures"]:
        headers = {
            "webhook-id": case["id"],
            "webhook-timestamp": case["timestamp"],
            "webhook-signature": signature,
        }
        try:
            webhook.verify(case["body"], headers, json_parse=False)
            accepted.append(True)
        except (WebhookVerificationError, ValueError):
            # ValueError: a signature that is not of the form the SDK splits.
            accepted.append(False)
    at = datetime.fromtimestamp(int(case["timestamp"]), tz=timezone.utc)
    return accepted, webhook.sign(case["id"], at, case["body"])


KINDS = {"retell": retell, "twilio": twilio, "standard": standard}

for line in sys.stdin:
    case = json.loads(line)
    accepted, signature = KINDS[case["kind"]](case)
    print(json.dumps({"accepted": accepted, "signature": signature}))
