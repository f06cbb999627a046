"""What an RQ takes from the configuration."""

from dataclasses import dataclass

from collectors.transport.read.redis_options import RedisOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RqOptions(RedisOptions):
    """An RQ on a Redis, besides what every Redis adapter takes.

    ``prefix``: the value of RQ_KEY_PREFIX. ``queues``: names or globs of the queues to watch, all by default.
    ``idempotent``: names or globs of the functions that may run twice without harm, as they stand at the
    head of a job's description ("shop.mail.send*"); a retry of any other says so.
    """

    prefix: str = "rq"
    queues: tuple[str, ...] = ()
    idempotent: tuple[str, ...] = ()
