"""The tables of `shop.stock`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from tihuo.shop.stock import PLACES


class LiveSession(SQLModel, table=True):
    """直播场次: one evening's sale."""

    __tablename__ = "live_session"
    __table_args__ = (CheckConstraint("state IN ('draft', 'open', 'closed')"), {"sqlite_with_rowid": False})

    id: str = Field(primary_key=True)
    title: str
    state: str = "draft"
    starts_at: int
    ends_at: int
    window_from: int
    window_to: int
    version: int = 0
    """`Work.version` when it was planned, then when it was opened. By it the newest session is found, not by times."""


class ItemTerms(SQLModel, table=True):
    """One SKU in one session: what was planned. Its rights are the row of the same number in `ItemRights`."""

    __tablename__ = "item_terms"
    __table_args__ = (
        UniqueConstraint("session_id", "sku_id"),
        CheckConstraint("reserve IS NULL OR reserve >= 0"),
        CheckConstraint("kind IN ('on_hand', 'presale')"),
        CheckConstraint("limit_per_customer IS NULL OR limit_per_customer > 0"),
    )

    no: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    sku_id: int = Field(foreign_key="sku.id")
    kind: str = "presale"
    price_fen: int
    limit_per_customer: int | None = None
    arrives_on: str | None = None
    cap_set_by: str = ""
    """Who answers for the cap."""
    reserve: int | None = None
    """到店留货: units kept for walk-ins in all; none said, the shop's percentage of what is offered."""


class ItemRights(SQLModel, table=True):
    """Where each right of an item is."""

    __tablename__ = "item_rights"
    __table_args__ = (
        CheckConstraint(f"minted = {' + '.join(PLACES)}", name="every_right_in_one_place"),
        *(CheckConstraint(f"{place} >= 0", name=f"{place}_not_negative") for place in PLACES),
        CheckConstraint("owed BETWEEN 0 AND granted", name="what_is_ordered_is_there"),
        CheckConstraint("free = 0 OR (owed = 0 AND offered = cap)", name="free_units_make_good_first"),
        CheckConstraint("walk_in BETWEEN 0 AND handed_over", name="the_counter_sells_over_the_counter"),
        CheckConstraint("cap BETWEEN 0 AND offered"),
        CheckConstraint("unsold >= 0"),
    )

    no: int | None = Field(default=None, primary_key=True, foreign_key="item_terms.no")
    minted: int = 0
    free: int = 0
    granted: int = 0
    ordered: int = 0
    quarantine: int = 0
    handed_over: int = 0
    void: int = 0
    owed: int = 0
    """Units that are missing while the rights to them are still lent: rights that come back go to `void` first."""
    cap: int = 0
    """上限: how many may be sold, on the word of `cap_set_by`."""
    offered: int = 0
    """Rights that stand because of the cap. Above it while rights that a lowered cap took are still lent or sold."""
    walk_in: int = 0
    """Units sold over the counter; a part of `handed_over`."""
    unsold: int = 0
    """Free rights that ended with the session."""
    version: int = 0


class GrantTerms(SQLModel, table=True):
    """线上配额: rights lent to whoever sells online. Only the holder gives them back.

    This is what was said about them; where they are is the row of the same number in `GrantRights`.
    """

    __tablename__ = "grant_terms"
    __table_args__ = (
        CheckConstraint("refused >= 0"),
        CheckConstraint("state IN ('open', 'closed')"),
    )

    no: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    item_no: int = Field(foreign_key="item_terms.no", index=True)
    channel: str = "mini_program"
    price_fen: int
    refused: int = 0
    """Units of refused orders that cited this grant: the holder may count them as sold when it closes."""
    said_sold: int | None = None
    """What the holder said it sold, when it closed the grant."""
    state: str = "open"
    sell_until: int


class GrantRights(SQLModel, table=True):
    """Where each right of a grant is."""

    __tablename__ = "grant_rights"
    __table_args__ = (
        CheckConstraint("issued = remaining + sold + returned", name="every_granted_right_in_one_place"),
        CheckConstraint("asked BETWEEN 0 AND remaining", name="nobody_is_asked_for_more_than_he_has"),
        CheckConstraint("remaining >= 0 AND sold >= 0 AND returned >= 0"),
        CheckConstraint("unsold BETWEEN 0 AND returned"),
    )

    no: int | None = Field(default=None, primary_key=True, foreign_key="grant_terms.no")
    issued: int
    remaining: int
    sold: int = 0
    returned: int = 0
    asked: int = 0
    """Of `remaining`: rights that the holder was asked to give back and has not answered for."""
    unsold: int = 0
    """Of `returned`: what came back when the session was over."""


class Shortage(SQLModel, table=True):
    """缺货记录: units that broke or never came, how they were made good, and how many customers went without."""

    __table_args__ = (
        CheckConstraint("quantity > 0 AND covered >= 0 AND short >= 0"),
        CheckConstraint("covered + short <= quantity", name="each_missing_unit_is_made_good_once"),
        CheckConstraint("(settled_at IS NULL) = (covered + short < quantity)", name="settled_when_nothing_is_owed"),
        CheckConstraint("policy IN ('first_paid', 'pro_rata', 'one_each', 'by_hand')"),
        Index("shortage_of_item", "session_id", "sku_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    session_id: str = Field(foreign_key="live_session.id")
    sku_id: int = Field(foreign_key="sku.id")
    quantity: int
    covered: int = 0
    """Made good by rights that nobody had bought."""
    short: int = 0
    """What customers went without; the rest of `quantity` is owed."""
    reason: str
    policy: str
    actor: str
    at: int
    settled_at: int | None = None
