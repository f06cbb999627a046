"""The jobs that the worker runs; RQ stores them by the names of these functions."""

import asyncio
import os
import smtplib
import time
from email.message import EmailMessage

import asyncpg

from console.lab.shop.wiring import Wiring, chance

WIRING_VARIABLE = "QUARTERDECK_LAB_WIRING"


def _wiring() -> Wiring:
    return Wiring.load(os.environ[WIRING_VARIABLE])


def send_mail(user: str, subject: str, order: int) -> str:
    """Send one mail through the shop's mail server; smtplib's errors fail the job."""
    mail = EmailMessage()
    mail["From"] = "shop@shop.test"
    mail["To"] = f"{user}@customers.test"
    mail["Subject"] = f"{subject} #{order}"
    mail.set_content(f"Dear {user},\nthank you for order {order}.\n")
    with smtplib.SMTP(
        "127.0.0.1", _wiring().ports["smtp"], local_hostname="worker.shop.test", timeout=5
    ) as server:
        server.send_message(mail)
    return f"sent to {user}"


def write_invoice(order: int, amount_cents: int) -> str:
    """Write an invoice; takes its time, as rendering does."""
    time.sleep(chance.uniform(0.01, 0.08))
    return f"invoice {order}: {amount_cents / 100:.2f} EUR"


def stock_report() -> int:
    """Count what is in stock, over a session of its own in the database."""

    async def count() -> int:
        connection = await asyncpg.connect(
            _wiring().databases["catalog"], server_settings={"application_name": "catalog-report"}
        )
        try:
            return int(await connection.fetchval("select sum(stock) from products"))
        finally:
            await connection.close()

    return asyncio.run(count())
