"""工位: what somebody works on: everything that is open, one wave, or the cluster of parcels that she carries."""

from __future__ import annotations

from tihuo.shop.events import StationMoved
from tihuo.shop.waves import take_picker
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def work_on(work: Work, station: str, wave_id: int | None) -> None:
    """Only the parcels of one wave light up at this station from now on; None for all that are open.

    The item in the hand is laid down. Raises `Refusal`: `unknown_wave`, `wave_of_clusters` (take a cluster instead).
    """
    if wave_id is not None:
        wave = work.one("SELECT cluster_of FROM wave WHERE id = ? AND state = 'open'", (wave_id,))
        if wave is None:
            raise Refusal("unknown_wave")
        if wave[0]:
            raise Refusal("wave_of_clusters")
    _stand(work, station, wave_id, None)


def take_cluster(work: Work, station: str, wave_id: int) -> int:
    """分车拣: carry the next cluster of parcels that nobody carries and that is not complete; gives its number.

    Raises `Refusal`: `unknown_wave`, `no_cluster_left`, `cluster_in_hand` (hers is not complete yet).
    """
    if work.one("SELECT 1 FROM wave WHERE id = ? AND state = 'open'", (wave_id,)) is None:
        raise Refusal("unknown_wave")
    carried = work.one(
        "SELECT p.cluster FROM station t JOIN parcel p ON p.wave_id = t.wave_id AND p.cluster = t.cluster "
        "WHERE t.name = ? AND p.state = 'sorting'",
        (station,),
    )
    if carried is not None:
        raise Refusal("cluster_in_hand", cluster=carried[0])
    row = work.one(
        "SELECT min(p.cluster) FROM parcel p WHERE p.wave_id = ?1 AND p.state = 'sorting' AND p.cluster > 0 "
        "AND p.cluster NOT IN (SELECT cluster FROM station WHERE wave_id = ?1 AND cluster IS NOT NULL AND name <> ?2)",
        (wave_id, station),
    )
    if row is None or row[0] is None:
        raise Refusal("no_cluster_left")
    _stand(work, station, wave_id, row[0])
    return int(row[0])


def leave(work: Work, station: str) -> None:
    """Nobody works here any more: its lamps, its cluster, its colour and rhythm are free for others."""
    changed = work.sql(
        "UPDATE station SET wave_id = NULL, cluster = NULL, picker = NULL, sku_id = NULL, refusal = '', text = '', "
        "grams = 0 WHERE name = ? AND picker IS NOT NULL",
        (station,),
    ).rowcount
    if changed:
        work.record(StationMoved(station=station))


def _stand(work: Work, station: str, wave_id: int | None, cluster: int | None) -> None:
    work.sql(
        "INSERT INTO station(name, wave_id, cluster, picker, sku_id, actor, refusal, text, scanned_at, seen) "
        "VALUES (?1, ?2, ?3, ?4, NULL, ?5, '', '', ?6, ?7) ON CONFLICT(name) DO UPDATE SET wave_id = ?2, cluster = ?3, "
        "picker = ?4, sku_id = NULL, refusal = '', text = '', grams = 0, actor = ?5, seen = ?7",
        (station, wave_id, cluster, take_picker(work, station), work.actor, work.now, work.version),
    )
    work.record(StationMoved(station=station, wave_id=wave_id, cluster=cluster))
