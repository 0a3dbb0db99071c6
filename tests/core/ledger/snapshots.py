"""What a World has come to, as one value that can be compared; and the same world again, read anew or thawed."""

from __future__ import annotations

import msgspec
from gathering import KINDS, Device

from tocsin.core.ledger import FrozenWorld, World


def written_down(world: World) -> bytes:
    """Freeze a world to bytes."""
    return msgspec.msgpack.encode(world.freeze())


def snapshot(world: World) -> FrozenWorld:
    """Take everything that follows from records and keys; who vouched for what came by another way."""
    frozen = msgspec.msgpack.decode(written_down(world), type=FrozenWorld)
    vouched = msgspec.structs.replace(frozen.vouching, firm=0, cosigned={})
    return msgspec.structs.replace(frozen, vouching=vouched)


def fresh_view(device: Device) -> World:
    """Read the whole ledger, as far as this device has it, with its keys of today."""
    world = World(device=device.number, kinds=KINDS, keys=device.keyring.compartments)
    for record in device.gathering.log[: device.world.size]:
        world.take(record)
    return world


def thawed_view(device: Device, *, at: int) -> World:
    """Read the ledger up to record `at`, freeze and thaw, and read on."""
    world = World(device=device.number, kinds=KINDS, keys=device.keyring.compartments)
    log = device.gathering.log[: device.world.size]
    for record in log[:at]:
        world.take(record)
    frozen = msgspec.msgpack.decode(written_down(world), type=FrozenWorld)
    thawed = World.thaw(frozen, device=device.number, kinds=KINDS, keys=device.keyring.compartments)
    for record in log[at:]:
        thawed.take(record)
    return thawed
