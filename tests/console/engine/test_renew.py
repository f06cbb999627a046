"""A secret that was made for a time: a refused login asks its command again."""

from pathlib import Path

import redis

from console.engine.core import Core
from console.engine.state import Freshness, SourceId
from console.settings import Source, load
from tests.servers.waiting import wait_until_async


def user(client: redis.Redis, password: str) -> None:
    client.acl_setuser("turning", enabled=True, reset=True, passwords=[f"+{password}"], keys="*")
    client.execute_command("ACL", "SETUSER", "turning", "+@all")  # type: ignore[no-untyped-call] # redis-py left it untyped
    client.client_kill_filter(user="turning")


async def test_a_refused_login_asks_the_command_again(tmp_path: Path, valkey_db: str) -> None:
    count, secret = tmp_path / "count", tmp_path / "secret"
    script = tmp_path / "give"
    script.write_text(f"#!/bin/sh\necho run >> {count}\ncat {secret}\n")
    script.chmod(0o700)
    where = valkey_db.partition("://")[2]
    config = tmp_path / "quarterdeck.toml"
    config.write_text(
        f'[collectors.cache]\ntype = "caches.redis"\nevery = "1s"\nurl_command = ["{script}"]\n'
    )
    config.chmod(0o600)
    with redis.Redis.from_url(valkey_db) as client:
        secret.write_text(f"redis://turning:one@{where}\n")
        user(client, "one")
        core = Core(load(Source(config), {"PATH": "/usr/bin:/bin"}))
        try:
            await core.start()

            def state() -> Freshness:
                (source,) = core.store.snapshot().sources
                return source.freshness(core.clock.boottime())

            await wait_until_async(lambda: state() is Freshness.LIVE, 20)
            assert count.read_text() == "run\n"
            secret.write_text(f"redis://turning:two@{where}\n")
            user(client, "two")
            await wait_until_async(
                lambda: count.read_text() == "run\nrun\n", 20, "the command is asked again"
            )

            def is_back() -> bool:
                (source,) = core.store.snapshot().sources
                return source.failure is None and state() is Freshness.LIVE and source.failures > 0

            await wait_until_async(is_back, 20, "the new secret is used")
            found = core.source(SourceId("cache"))
            assert found is not None
            assert found.collector is not None
            assert "two" in found.collector.options.url.reveal()
            assert count.read_text() == "run\nrun\n"
        finally:
            await core.stop()
            client.acl_deluser("turning")


async def test_a_secret_that_stays_wrong_is_not_asked_for_all_the_time(
    tmp_path: Path, valkey_db: str
) -> None:
    count, script = tmp_path / "count", tmp_path / "give"
    where = valkey_db.partition("://")[2]
    script.write_text(f"#!/bin/sh\necho run >> {count}\necho redis://nobody:wrong@{where}\n")
    script.chmod(0o700)
    config = tmp_path / "quarterdeck.toml"
    config.write_text(f'[collectors.cache]\ntype = "caches.redis"\nurl_command = ["{script}"]\n')
    config.chmod(0o600)
    core = Core(load(Source(config), {"PATH": "/usr/bin:/bin"}))
    for _ in range(4):
        await core.once()
    # once when it was loaded, once after the first refused login
    assert count.read_text() == "run\nrun\n"
    await core.stop()
