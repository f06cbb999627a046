"""What every Redis adapter takes from the configuration."""

from dataclasses import dataclass

from collectors.options import OptionalUrl, Url


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisOptions:
    """What every Redis adapter takes.

    ``url``: redis://, rediss://, unix:// or redis+sentinel://host:26379,host2/primary-name; it only
    reads. ``act_url``: the same for actions, empty for none. ``ca_file``: PEM of the authority that
    signed the server's certificate, beside the system's. ``client_cert`` and ``client_key``: PEM
    files; the key may stand in the first.
    """

    url: Url
    act_url: OptionalUrl = None
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
