"""Watch: Report → Claim → Alarm."""

from tocsin.core.watch.records import Alarm, Claim, EarsSettings, Panel, Qualifier, Stance

__all__ = ["Alarm", "Claim", "EarsSettings", "Panel", "Qualifier", "Stance"]
