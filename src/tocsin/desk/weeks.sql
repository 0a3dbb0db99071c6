-- One row is one place in one week, numbered as tocsin.terms.week_of does: from Monday, 5 January 1970, on; earlier ones below 0.
with numbered as (
  select place, floor((day - 4) / 7.0)::integer as week from event
)
select place, week, count(*) as n_events from numbered group by place, week order by place, week
