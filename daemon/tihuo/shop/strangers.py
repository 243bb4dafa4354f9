"""外来码: what a text is that is none of ours, so that the customer hears what she is showing. The text is never kept:
a payment code is money, and a web address may be anybody's.
"""

from __future__ import annotations

import re

from tihuo.shop.catalog import gtin_fits

_PAYMENT = re.compile(
    r"1[0-5][0-9]{16}"  # WeChat Pay: 18 digits
    r"|(?:2[5-9]|30)[0-9]{14,22}"  # Alipay: 16 to 24 digits
    r"|62[0-9]{17}"  # UnionPay: 19 digits
    r"|(?:weixin|wxp|alipays?|alipayqr|upwrp|upqrcode)://.*"
    r"|https?://(?:qr\.alipay\.com|wx\.tenpay\.com|payapp\.weixin\.qq\.com|qr\.95516\.com|m\.alipay\.com)(?:[/?].*)?",
    re.IGNORECASE | re.DOTALL,
)
_WEB = re.compile(r"(?:https?://|www\.).+", re.IGNORECASE | re.DOTALL)


def must_not_be_kept(text: str) -> bool:
    """Whether a text is money or an address: it must reach no page's address, no search and no book."""
    return stranger(text) in ("payment_code", "web_page")


def keepable(text: str) -> str:
    """A scanned text as the journal may keep it: a product's, or nothing where it is money, an address or somebody's
    pickup code."""
    return "" if text[:4].upper() == "TH1:" or must_not_be_kept(text) else text


def stranger(text: str) -> str:
    """The code of a refusal: `payment_code`, `web_page`, `goods_code`, `damaged_code` (one of ours, cut or bent) or
    `unknown_code`. Takes a text of any length, without what a scanner wrapped around it."""
    digits = text.replace(" ", "") if len(text) <= 64 else ""
    if _PAYMENT.fullmatch(digits or text):
        return "payment_code"
    if _WEB.fullmatch(text):
        return "web_page"
    if gtin_fits(digits):
        return "goods_code"
    return "damaged_code" if text[:3].upper() in ("TH1", "TH:") else "unknown_code"
