"""Tells Django of the relay's tables."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The relay's tables."""

    name = "tocsin.relay.store"
    label = "relay"
