"""How values read on a page: days, moments, codes. Plain text only; a template says what is around them."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template

from tocsin.core.watch import Qualifier
from tocsin.terms import Day, Week, date_of, first_day_of

register = template.Library()

SAID = {
    Qualifier.EXACT: "{low}",
    Qualifier.AT_LEAST: "at least {low}",
    Qualifier.MORE_THAN: "more than {low}",
    Qualifier.ABOUT: "about {low}",
    Qualifier.BETWEEN: "{low} to {high}",
}


@register.filter
def day(value: int | None) -> str:
    """Write a day number as a date."""
    if value is None:
        return "not said"
    date = date_of(Day(value))
    return f"{date.day} {date:%b %Y}"


@register.filter
def iso(value: int) -> str:
    """Write a day number as a form's date field wants it."""
    return date_of(Day(value)).isoformat()


@register.filter
def week(value: int) -> str:
    """Name a week by its Monday."""
    return day(first_day_of(Week(value)))


@register.filter
def moment(value: int | None) -> str:
    """Write UTC seconds as date and time."""
    if value is None:
        return "not yet"
    at = datetime.fromtimestamp(value, tz=UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


@register.filter
def hours(value: int) -> str:
    """Write hours, as days where they make whole ones beyond three."""
    return f"{value // 24} days" if value > 72 and value % 24 == 0 else f"{value} hours"


@register.filter
def words(value: object) -> str:
    """Write a code word with spaces."""
    return str(value).replace("_", " ").replace("-", " ")


@register.filter
def place(value: str) -> str:
    """Write a place code as it is printed."""
    return value.upper()


@register.filter
def yes(value: bool | None) -> str:
    """Write an answer to a question that may not have been answered."""
    return "not answered" if value is None else "yes" if value else "no"


def say_number(qualifier: Qualifier | None, low: int | None, high: int | None) -> str:
    """Put a number as its source put it."""
    if qualifier is None:
        return "no number"
    return SAID.get(qualifier, str(qualifier)).format(low=low, high=high)
