"""The workflow: drawn once, run by the engine once for every new employee."""

from typing import Any

import tasks
from tenuto import task, when, workflow

create_account = task(tasks.create_account, retry=5, timeout="30s")
create_mailbox = task(tasks.create_mailbox, retry=5, timeout="30s")
order_laptop = task(tasks.order_laptop, retry=5, timeout="30s")
add_to_repositories = task(tasks.add_to_repositories, retry=5, timeout="30s")
grant_vpn = task(tasks.grant_vpn, retry=5, timeout="30s")
send = task(tasks.send, retry=5, timeout="30s")


@workflow
def onboard(person: dict[str, Any]) -> Any:
    account = create_account(person)
    mailbox = create_mailbox(account)
    order_laptop(person)  # Beside the account: nothing of it is needed.
    with when(person["role"] == "engineer"):
        add_to_repositories(account, person["team"])
    with when(person["kind"] == "employee"):
        grant_vpn(account)
    return send(mailbox, f"Welcome {person['name']}!")
