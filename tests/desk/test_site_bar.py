"""Barring a device from the ledger page: at once, by any colleague, said to everybody."""

from __future__ import annotations

from pathlib import Path

from coalition import make_coalition
from sitekit import Visitor, serve_first

from tocsin.desk.sync import sync


def test_a_device_barred_on_the_page_is_sealed_to_by_nobody(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as coalition:
        coalition.sync_all(2)
        site = serve_first(coalition)
        second = coalition.desks[0]
        person = Visitor(site)
        try:
            person.come_in()
            shown = person.post("ledger/bar/", seen="ledger/", device="3", reason="lost")
            refused = person.post("ledger/bar/", seen="ledger/", device="3", reason="a name of somebody")
            sync(second)
        finally:
            person.close()
            site.stop()

        assert shown.status_code == 200
        assert "barred" in shown.text
        assert refused.status_code == 400
        assert second.sealed_to([1, 2, 3]) == [1, 2]
