"""The way to a Redis: through Sentinels, with TLS, and what is refused at the door."""

import asyncio
import ssl

from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from collectors.base import Context
from collectors.errors import SourceError, UnreachableError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.text import one_line
from collectors.transport.endpoint import Dial, Endpoint, TcpDial, UnixDial
from collectors.transport.faults import through
from collectors.transport.read.redis_address import Address, Login, parse_address
from collectors.transport.read.redis_errors import explain
from collectors.transport.read.redis_link import Link, Server
from collectors.transport.read.redis_options import RedisOptions
from collectors.transport.resolve import Resolver
from collectors.transport.tls import TlsFiles, client_context


class Way:
    """How one collector's options reach their server; ``where`` names it in words.

    ``cluster``: whether a node of a cluster may be read by itself.
    """

    def __init__(self, context: Context, options: RedisOptions, *, cluster: bool) -> None:
        self._context = context
        self._options = options
        self._cluster = cluster
        self.address: Address = parse_address(options.url)
        beyond = f" through {context.server}" if context.server else ""
        self.where = str(one_line(f"{options.url.shown}{beyond}", 160))
        self._resolver = Resolver()
        self._tls: ssl.SSLContext | None = None

    async def open(self, dial: Dial) -> Link:
        """A connection that is logged in, named and known to be of the right kind."""
        try:
            return await self._introduced(dial)
        except (RedisConnectionError, OSError) as error:
            if isinstance(error, AuthenticationError):
                raise
            raise await through(dial, explain(error, self.where)) from None

    async def _introduced(self, dial: Dial) -> Link:
        link = await self._connected(dial, self.address.login, self.address.db)
        try:
            await link.introduce(self._context.clock)
            self._refuse(link.server)
        except BaseException:
            await link.close()
            raise
        return link

    def _refuse(self, server: Server) -> None:
        if server.loading:
            raise UnreachableError(
                f"loading its data, {server.loading} % done", f"{self.where} answers when that is done"
            )
        if server.mode == "sentinel":
            raise UnsupportedError(
                "a Sentinel, not the server it watches",
                f"for {self.where} write redis+sentinel://host:26379/primary-name",
            )
        if server.mode == "cluster" and not self._cluster:
            raise UnsupportedError(
                "a node of a Redis Cluster",
                f"{self.where}: name a server that stands alone; a cluster is not read as one",
            )
        if self.address.sentinels and server.role not in ("", "master"):
            raise UnreachableError(
                "the Sentinels name a primary that says it is a replica",
                f"{self.where}: a failover is under way",
            )

    async def primary(self) -> Dial:
        """Where the server is now; asks the Sentinels where there are some."""
        address, dialer = self.address, self._context.dialer
        if not address.sentinels:
            return await dialer.dial(self._context.endpoint(address.url))
        reasons = []
        for sentinel in address.sentinels:
            try:
                found = await self._asked(sentinel, address.sentinel_login)
            except (RedisError, OSError, SourceError) as error:
                reasons.append(f"{sentinel.shown}: {explain(error, str(sentinel.shown)).why}")
                continue
            if found is not None:
                host, port = found
                url = SecretUrl(f"redis://{f'[{host}]' if ':' in host else host}:{port}")
                return await dialer.dial(Endpoint(url, self._context.server))
            reasons.append(f"{sentinel.shown}: knows no primary {address.primary!r}")
        raise UnreachableError("no Sentinel names a primary", "; ".join(reasons))

    async def _asked(self, sentinel: SecretUrl, login: Login) -> tuple[str, int] | None:
        """What one Sentinel says; a silent one gets its share of the time only."""
        share = self._context.timeout / (len(self.address.sentinels) + 1)
        async with asyncio.timeout(share):
            dial = await self._context.dialer.dial(Endpoint(sentinel, self._context.server))
            link = await self._connected(dial, login)
            try:
                [found] = await link.exchange([("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.address.primary)])
            finally:
                await link.close()
        if isinstance(found, Exception):
            raise found
        return (found[0].decode(), int(found[1])) if found else None

    async def _connected(self, dial: Dial, login: Login, db: int = 0) -> Link:
        """A login over the first address that accepts; one that is silent gets its share of the time only."""
        tls = await self._tls_context() if self.address.tls else None
        if isinstance(dial, UnixDial):
            return await Link.open(dial, tls, login, db)
        found = await self._resolver.addresses(dial.host, self._context.timeout)
        *others, last = found.addresses or (dial.host,)
        for address in others:
            try:
                async with asyncio.timeout(self._context.timeout / (len(others) + 1)):
                    return await Link.open(TcpDial(address, dial.port, dial.name), tls, login, db)
            except AuthenticationError:
                raise
            except (RedisConnectionError, OSError):
                continue
        return await Link.open(TcpDial(last, dial.port, dial.name), tls, login, db)

    async def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            options = self._options
            files = TlsFiles(options.ca_file, options.client_cert, options.client_key)
            self._tls = await asyncio.to_thread(client_context, files)
        return self._tls
