"""Pools: how full, who waits, who holds, is a storm coming."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.model.fields import Bad, RollUp, quantity_field
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit
from collectors.model.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReading(Reading):
    """The slots of one server, or one application's part in them.

    ``partial``: rights are missing, so other users' sessions are not fully seen.
    ``parts`` of the server's own row are its applications.
    """

    practice: ClassVar[Practice] = Practice.POOLS

    partial: bool = False
    saturated: bool = False
    in_use: Quantity = quantity_field(Unit.COUNT, "Sessions connected.", bad=Bad.HIGH)
    capacity: Quantity = quantity_field(
        Unit.COUNT, "Slots that ordinary roles may use: maximum less reserved.", roll_up=RollUp.MAX
    )
    reserved: Quantity = quantity_field(
        Unit.COUNT, "Slots kept for superusers and reserved roles.", roll_up=RollUp.MAX
    )
    fill: Quantity = quantity_field(Unit.RATIO, "Sessions by capacity.", bad=Bad.HIGH, roll_up=RollUp.MAX)
    active: Quantity = quantity_field(Unit.COUNT, "Sessions that run a query.")
    idle: Quantity = quantity_field(Unit.COUNT, "Sessions that wait for their client.")
    idle_in_transaction: Quantity = quantity_field(
        Unit.COUNT, "Sessions that hold a transaction open and do nothing.", bad=Bad.HIGH
    )
    waiting: Quantity = quantity_field(Unit.COUNT, "Sessions that wait for a lock.", bad=Bad.HIGH)
    oldest_idle_in_transaction: Quantity = quantity_field(
        Unit.SECONDS,
        "How long the longest idle transaction has been idle.",
        bad=Bad.HIGH,
        roll_up=RollUp.MAX,
    )
    oldest_transaction: Quantity = quantity_field(
        Unit.SECONDS, "Age of the oldest open transaction.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    oldest_query: Quantity = quantity_field(
        Unit.SECONDS, "Age of the longest running query.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    session_rate: Quantity = quantity_field(
        Unit.PER_SECOND, "Sessions opened per second, short ones too.", bad=Bad.HIGH, samples=2
    )
    replica_lag: Quantity = quantity_field(
        Unit.SECONDS, "Replay lag of the slowest replica.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    wal_held: Quantity = quantity_field(
        Unit.BYTES, "Write-ahead log kept for the slot furthest behind.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
    xid_age: Quantity = quantity_field(
        Unit.COUNT, "Transactions since the oldest unfrozen one.", bad=Bad.HIGH, roll_up=RollUp.MAX
    )
