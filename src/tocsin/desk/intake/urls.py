"""Addresses of the intake room: none leads to what somebody said, which forms ask for."""

from django.urls import path

from tocsin.desk.intake import file_pages, pages, pocket_pages, question_pages, sending_pages, text_pages

urlpatterns = [
    path("", pages.show, name="intake"),
    path("take/", pages.take, name="intake_take"),
    path("drill/", pages.drill, name="intake_drill"),
    path("one/", pages.read, name="intake_read"),
    path("one/reply/", pages.answer, name="intake_reply"),
    path("one/aside/", pages.put_aside, name="intake_aside"),
    path("one/refuse/", pages.refuse, name="intake_refuse"),
    path("one/erase/", pages.erase, name="intake_erase"),
    path("one/case/", pages.into_case, name="intake_into_case"),
    path("one/interpret/", pages.interpret, name="intake_interpret"),
    path("one/file/", file_pages.open_one, name="intake_file"),
    path("one/file/<slug:key>/look/", file_pages.look, name="intake_file_look"),
    path("one/file/<slug:key>/", file_pages.give, name="intake_file_bytes"),
    path("pockets/", pocket_pages.show, name="pockets"),
    path("pockets/issue/", pocket_pages.issue, name="pocket_issue"),
    path("pockets/end/", pocket_pages.take_back, name="pocket_end"),
    path("write/", sending_pages.show, name="taken_down"),
    path("write/in/", sending_pages.hand_in, name="taken_down_in"),
    path("write/sealed/", sending_pages.hand_in_sealed, name="sealed_in"),
    path("write/table/", sending_pages.show_table, name="table_show"),
    path("write/table/in/", sending_pages.hand_in_table, name="table_in"),
    path("write/table/destroy/", sending_pages.destroy_file, name="table_destroy"),
    path("page/", text_pages.show, name="witness_page"),
    path("page/propose/", text_pages.propose, name="charter_propose"),
    path("page/sign/", text_pages.sign, name="text_sign"),
    path("page/words/", text_pages.edit, name="words_edit"),
    path("page/questions/", question_pages.show, name="questions"),
    path("page/questions/move/", question_pages.move, name="questions_move"),
    path("page/questions/propose/", question_pages.propose, name="questions_propose"),
    path("page/words/change/", text_pages.change, name="words_change"),
]
