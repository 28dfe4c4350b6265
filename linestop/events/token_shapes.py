"""The shapes of well-known tokens and keys, by what they are. The guard of diffs names them, the log hides them."""

import re

SHAPES = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})")),
    ("a GitLab token", re.compile(r"\bgl(?:pat|ptt|dt|rt|cbt|ft|soat)-[A-Za-z0-9_-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}")),
    ("a Slack webhook", re.compile(r"hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{20,}")),
    ("an Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20,}")),
    ("an OpenAI project's key", re.compile(r"\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}")),
    ("an OpenAI key", re.compile(r"\bsk-[A-Za-z0-9_-]{0,60}[A-Za-z0-9]{32,}")),
    ("a Groq key", re.compile(r"\bgsk_[A-Za-z0-9]{40,}")),
    ("an xAI key", re.compile(r"\bxai-[A-Za-z0-9]{60,}")),
    ("a Google key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a Stripe key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}")),
    ("an npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a PyPI token", re.compile(r"\bpypi-AgE[A-Za-z0-9_-]{50,}")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z]{34}\b")),
    ("a SendGrid key", re.compile(r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")),
    ("a Telegram token", re.compile(r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{15,2000}\.eyJ[A-Za-z0-9_-]{15,2000}\.[A-Za-z0-9_-]{20,}")),
    ("a password in a URL", re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@'\"{}<$%]+:[^\s/:@'\"{}<$%]{6,}@[^\s/'\"]+\.[a-z]")),
)  # fmt: skip

_BLOCK = re.compile(
    r"-----BEGIN (?P<what>(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END (?P=what)-----|\Z)", re.DOTALL
)
_BLOCK_END = re.compile(
    r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{16,}+\s++){1,200}-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
)
_CHAR = r"(?:[^\s/:@'\"{}<$%]|%[0-9A-Fa-f]{2})"  # a percent sign alone is a template's
_URL = re.compile(rf"(?P<keep>://{_CHAR}{{1,200}}:){_CHAR}{{6,200}}(?P<rest>@)")
_URL_TOKEN = re.compile(rf"(?P<keep>://)(?=[^\s@]{{0,200}}\d){_CHAR}{{20,200}}(?P<rest>@)")
_BEARER = re.compile(
    r"(?P<keep>(?:Bearer|Basic|Authorization[\"']?\s*[:=]\s*[\"']?token) )[A-Za-z0-9+/=_.~-]{16,}", re.IGNORECASE
)
# Only what has a digit: `token = read_the_token_from_a_file` is code.
_ASSIGNED = re.compile(
    r"(?P<keep>(?:(?:access|auth|refresh|id|session|private|security)[-_]?token|client[-_]?secret|api[-_]?key"
    r"|(?:secret[-_]?)?access[-_]?key|account[-_]?key|signing[-_]?key)[\"']?\s*[:=]\s*[\"']?)"
    r"(?=[^\s\"']{0,200}\d)[A-Za-z0-9+/=_.~-]{16,}",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?P<keep>(?:x-api-key|x-goog-api-key|api[-_]key)[\"']?\s*[:=]\s*[\"']?)[A-Za-z0-9_.~-]{12,}", re.IGNORECASE
)
# A token that stands in a text of JSON or in a URL may follow an escape such as \\n or %22, where no word begins.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtbf])|(?<=%[0-9A-F][0-9A-F])|(?<=\\u00[0-9a-f][0-9a-f]))"
_BY_NAME = {name: re.compile(re.sub(r"(?:^|(?<=\|))\\b", lambda _: _START, shape.pattern)) for name, shape in SHAPES}
Hint = str | re.Pattern[str]
# A text that holds none of these hints holds no token: a look at each is far cheaper than the patterns.
HINTS: tuple[tuple[Hint, tuple[re.Pattern[str], ...]], ...] = (
    ("PRIVATE KEY", (_BLOCK, _BLOCK_END)),
    (re.compile(r"A(?:KIA|SIA|BIA|CCA)"), (_BY_NAME["an AWS access key"],)),
    (re.compile(r"g(?:h[pousr]_|ithub_pat_)"), (_BY_NAME["a GitHub token"],)),
    (re.compile(r"gl(?:pat|ptt|dt|rt|cbt|ft|soat)-"), (_BY_NAME["a GitLab token"],)),
    (re.compile(r"x(?:ox|app-)"), (_BY_NAME["a Slack token"],)),
    ("hooks.slack.com", (_BY_NAME["a Slack webhook"],)),
    ("sk-", tuple(_BY_NAME[what] for what in ("an Anthropic key", "an OpenAI project's key", "an OpenAI key"))),
    ("gsk_", (_BY_NAME["a Groq key"],)),
    ("xai-", (_BY_NAME["an xAI key"],)),
    ("AIza", (_BY_NAME["a Google key"],)),
    ("k_live_", (_BY_NAME["a Stripe key"],)),
    ("npm_", (_BY_NAME["an npm token"],)),
    ("pypi-AgE", (_BY_NAME["a PyPI token"],)),
    ("hf_", (_BY_NAME["a Hugging Face token"],)),
    ("SG.", (_BY_NAME["a SendGrid key"],)),
    (":AA", (_BY_NAME["a Telegram token"],)),
    ("eyJ", (_BY_NAME["a JSON web token"],)),
    ("://", (_URL, _URL_TOKEN)),
    *((word, (_BEARER,)) for word in ("earer ", "asic ", "EARER ", "ASIC ", "oken ", "OKEN ")),
    *((word, (_HEADER,)) for word in ("-key", "-Key", "-KEY", "api_key")),
    *((word, (_ASSIGNED,)) for word in ("oken", "OKEN", "ecret", "ECRET", "_key", "_KEY", "-key", "Key", "apikey")),
)
