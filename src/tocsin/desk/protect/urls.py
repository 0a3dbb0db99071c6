"""Addresses of the protect room: a case goes by its random code, which says nothing about it."""

from django.urls import path

from tocsin.desk.protect import pages

STEPS = ("triage", "ask", "place", "arrive", "deal", "park", "close")

urlpatterns = [
    path("", pages.show_all, name="protect"),
    path("open/", pages.open_case, name="protect_open"),
    path("back/", pages.ask_back, name="protect_back"),
    path("up/", pages.take_up, name="protect_up"),
    path("case/<slug:case>/reply/", pages.reply, name="protect_reply"),
    path("case/<slug:case>/over/", pages.hand_over, name="protect_hand_over"),
    path("offer/", pages.add_offer, name="protect_offer"),
    path("lottery/", pages.commit_lottery, name="protect_lottery"),
    path("leg/stop/", pages.stop_leg, name="protect_stop"),
    path("plan/", pages.make_plan, name="protect_plan"),
    path("case/<slug:case>/", pages.show_case, name="protect_case"),
    path("case/<slug:case>/who/", pages.show_identity, name="protect_who"),
    *(
        path(f"case/<slug:case>/{step}/", pages.act, {"what": step}, name=f"protect_{step}_case")
        for step in STEPS
    ),
]
