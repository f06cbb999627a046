"""What a cache's row is: one database of one server."""

from urllib.parse import urlsplit

from collectors.base import Context
from collectors.model.practice import Practice
from collectors.model.subject import Subject
from collectors.text import Shown
from collectors.transport.read.redis import RedisReader, read
from collectors.transport.read.redis_address import parse_address
from collectors.transport.read.redis_info import parse_info
from collectors.transport.read.redis_options import RedisOptions


def subject_of(options: RedisOptions, context: Context) -> Subject:
    """The subject ``dbN``, labelled with the place in the URL."""
    address = parse_address(options.url)
    parts = urlsplit(options.url.reveal())
    place = address.primary or parts.netloc.rpartition("@")[2] or parts.path
    return context.subject(Practice.CACHES, b"db%d" % address.db, label=f"{place} db{address.db}")


async def identity(reader: RedisReader) -> tuple[str, dict[str, str]]:
    """The server as ``Hands.server`` names it, and its INFO; what it may not tell is left out.

    INFO is asked anew: what was said at login may be of before a failover.
    """
    [told] = await reader.ask_each(read("INFO"))
    info = {} if isinstance(told, Exception) else parse_info(told)
    known = reader.server
    run_id, role = info.get("run_id", known.run_id), info.get("role", known.role)
    return f"{run_id} {role}".strip(), info


def unfit_server(info: dict[str, str]) -> str:
    """Why nothing can be invalidated on a server; empty where it can."""
    if info.get("role") == "slave":
        primary = f"{info.get('master_host', '?')}:{info.get('master_port', '?')}"
        return str(Shown(f"this is a replica, which takes no writes: name its primary, {primary}, in `url`"))
    if info.get("cluster_enabled") == "1":
        return (
            "this is one node of a cluster, which holds a part of the keys alone: that is not done from here"
        )
    return ""
