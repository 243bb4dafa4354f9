"""分车拣: the parcels of a wave that are carried together, and what their carrier takes for them."""

from __future__ import annotations

from itertools import groupby

import msgspec

from tihuo.shop.work import Look


class ClusterRow(msgspec.Struct, frozen=True):
    """Parcels of one zone that are carried together, and at which station (empty: nobody carries them)."""

    cluster: int
    zone: str
    parcels: int
    done: int
    station: str


class ClusterPick(msgspec.Struct, frozen=True):
    """One SKU for the parcels that are carried together. `bags`: (turn, slot, place, units wanted, units put); the turn
    counts the cluster's parcels from 1."""

    sku_id: int
    sku: str
    name: str
    spec: str
    unit: str
    zone: str
    wanted: int
    put: int
    short: int
    left: int
    bags: tuple[tuple[int, str, int, int, int], ...]


def clusters(look: Look, wave_id: int) -> list[ClusterRow]:
    """The clusters of a wave that is carried; none for one that is spread."""
    rows = look.rows(
        "SELECT p.cluster, min(p.zone), count(*), sum(p.state <> 'sorting'), coalesce((SELECT name FROM station "
        "WHERE wave_id = ?1 AND cluster = p.cluster), '') FROM parcel p WHERE p.wave_id = ?1 AND p.cluster > 0 "
        "GROUP BY p.cluster",
        (wave_id,),
    )
    return [ClusterRow(*row) for row in rows]


def cluster_picks(look: Look, wave_id: int, cluster: int) -> list[ClusterPick]:
    """What somebody who carries a cluster takes, SKU by SKU, and which of her parcels each is for: her pick list."""
    turns = {
        parcel: turn
        for turn, (parcel,) in enumerate(
            look.rows("SELECT id FROM parcel WHERE wave_id = ? AND cluster = ? ORDER BY id", (wave_id, cluster)), 1
        )
    }
    rows = look.rows(
        "SELECT l.sku_id, s.code, d.name, s.spec, s.unit, s.zone, p.id, p.slot, p.place, "
        "sum(l.quantity - l.cancelled), sum(l.put), sum(l.short) FROM parcel p "
        "JOIN order_line l ON l.parcel_id = p.id JOIN sku s ON s.id = l.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE p.wave_id = ? AND p.cluster = ? GROUP BY l.sku_id, p.id "
        "ORDER BY s.zone, d.name, s.spec, l.sku_id, p.id",
        (wave_id, cluster),
    )
    picks = []
    for (sku_id, code, name, spec, unit, zone), found in groupby(rows, lambda row: row[:6]):
        here = [row[6:] for row in found]
        wanted, put, short = (sum(row[column] for row in here) for column in (3, 4, 5))
        bags = tuple((turns[parcel], slot, place, want - gone, done) for parcel, slot, place, want, done, gone in here)
        picks.append(ClusterPick(sku_id, code, name, spec, unit, zone, wanted, put, short, wanted - put - short, bags))
    return picks
