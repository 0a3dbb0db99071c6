"""Addresses of the ledger room."""

from django.urls import path

from tocsin.desk.ledger import (
    away_pages,
    begin_pages,
    custody_pages,
    duty_pages,
    help_pages,
    lost_pages,
    pages,
    roll_pages,
)

urlpatterns = [
    path("", pages.show, name="ledger"),
    path("help/<str:topic>/", help_pages.explain, name="ledger_help"),
    path("compare/", help_pages.compare, name="ledger_compare"),
    path("duty/", duty_pages.show, name="duty"),
    path("duty/take/", duty_pages.take, name="duty_take"),
    path("duty/end/", duty_pages.end, name="duty_end"),
    path("duty/note/", duty_pages.write_note, name="duty_note"),
    path("duty/note/take/", duty_pages.take_note, name="duty_take_note"),
    path("duty/pings/", duty_pages.show_pings, name="pings"),
    path("duty/pings/choose/", duty_pages.choose_pings, name="pings_choose"),
    path("duty/pings/again/", duty_pages.try_pings, name="pings_again"),
    path("exposure/", pages.show_exposure, name="exposure"),
    path("bar/", pages.bar, name="bar"),
    path("ready/", begin_pages.show_ready, name="ledger_ready"),
    path("ready/compared/", begin_pages.note_compared, name="ledger_compared"),
    path("invite/", begin_pages.show_invite, name="ledger_invite"),
    path("invite/new/", begin_pages.invite, name="ledger_invite_new"),
    path("invite/back/", begin_pages.take_back, name="ledger_invite_back"),
    path("invite/answer/", begin_pages.receive, name="ledger_invite_answer"),
    path("invite/in/", begin_pages.let_in, name="ledger_invite_in"),
    path("without/", begin_pages.go_on_without, name="ledger_without"),
    path("changes/", roll_pages.show_changes, name="ledger_changes"),
    path("changes/sign/", roll_pages.sign, name="ledger_sign"),
    path("changes/withdraw/", roll_pages.withdraw, name="ledger_withdraw"),
    path("changes/again/", roll_pages.propose_again, name="ledger_again"),
    path("device/<int:number>/", roll_pages.show_device, name="ledger_device"),
    path("device/<int:number>/duties/", roll_pages.propose_duties, name="ledger_duties"),
    path("device/<int:number>/remove/", roll_pages.propose_removal, name="ledger_remove"),
    path("custody/", custody_pages.show, name="custody"),
    *(
        path(f"custody/{what}/", custody_pages.answer, {"what": what}, name=f"custody_{what}")
        for what in ("release", "refuse")
    ),
    path("away/", away_pages.show, name="ledger_away"),
    path("away/<int:number>/", away_pages.show_words, name="ledger_away_words"),
    path("lost/", lost_pages.choose, name="ledger_lost"),
    path("lost/<int:number>/", lost_pages.show, name="ledger_lost_one"),
    path("lost/<int:number>/bar/", lost_pages.bar, name="ledger_lost_bar"),
    path("lost/<int:number>/keys/", lost_pages.rotate, name="ledger_lost_keys"),
    path("lost/<int:number>/stop/", lost_pages.stop, name="ledger_lost_stop"),
    path("lost/<int:number>/lift/", lost_pages.lift, name="ledger_lost_lift"),
    path("lost/<int:number>/back/", lost_pages.let_back, name="ledger_lost_back"),
    path("lost/<int:number>/remove/", lost_pages.remove, name="ledger_lost_remove"),
    path("<int:newest>/", pages.show, name="ledger_from"),
]
