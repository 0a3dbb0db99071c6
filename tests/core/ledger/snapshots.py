"""What a World has come to, as one value that can be compared."""

from __future__ import annotations

from typing import Any

from gathering import KINDS, Device

from tocsin.core.ledger import World


def snapshot(world: World) -> dict[str, Any]:
    """Take everything that follows from records and keys."""
    now = world.history.now
    return {
        "root": world.tree.root(),
        "tips": {device: tip for device, tip in world.tips.items() if tip.chain},
        "standing": (now.roll, now.duties, now.bars, now.lifts),
        "compartments": {
            name: (
                {
                    epoch.id: (epoch.number, epoch.maker, epoch.parent, epoch.members, epoch.relieved)
                    for epoch in known.epochs.values()
                },
                known.is_shut,
                known.is_parked,
            )
            for name, known in world.compartments.items()
        },
        "versions": (
            world.versions.root_of,
            {root: tips for root, tips in world.versions.tips.items() if tips},
        ),
        "granted": world.granted,
        "loads": world.loads,
        "erased": {epoch: who for epoch, who in world.erased.items() if who},
        "custody": (world.deals.standing, world.deals.held, world.deals.asked, world.deals.released),
        "recovered": world.deals.recovered,
        "void": world.deals.void,
        "forked": world.forked,
        "split": [(seen.device, seen.size) for seen in world.split],
        "unopened": world.unopened,
        "opened": {
            name: {number: type(why) for number, why in numbers.items()}
            for name, numbers in world.opened_in.items()
            if numbers
        },
    }


def fresh_view(device: Device) -> World:
    """Read the whole ledger, as far as this device has it, with its keys of today."""
    world = World(device=device.number, kinds=KINDS, keys=device.keyring.compartments)
    for record in device.gathering.log[: device.world.size]:
        world.take(record)
    return world
