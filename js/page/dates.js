// Dates as a language writes them; many browsers know no Georgian and no Azerbaijani and would write English.

/** Months, weekdays from Sunday on, and what stands before a year and after a weekday (CLDR: long date, short weekday). */
const OWN = /** @type {Record<string, { months: string[], days: string[], before: string, after: string }>} */ ({
  az: {
    months: ["yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr", "noyabr", "dekabr"],
    days: ["B.", "B.e.", "Ç.a.", "Ç.", "C.a.", "C.", "Ş."],
    before: " ", after: " ",
  },
  ka: {
    months: ["იანვარი", "თებერვალი", "მარტი", "აპრილი", "მაისი", "ივნისი", "ივლისი", "აგვისტო", "სექტემბერი", "ოქტომბერი", "ნოემბერი", "დეკემბერი"],
    days: ["კვი", "ორშ", "სამ", "ოთხ", "ხუთ", "პარ", "შაბ"],
    before: ", ", after: ", ",
  },
});

/**
 * A day, with the name of its month.
 *
 * @param {string} language
 * @param {Date} date midnight UTC
 */
export function longDate(language, date) {
  const own = OWN[language];
  if (!own) return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(date);
  return `${date.getUTCDate()} ${own.months[date.getUTCMonth()]}${own.before}${date.getUTCFullYear()}`;
}

/**
 * A weekday and a time, by the clock of this device.
 *
 * @param {string} language
 * @param {Date} date
 */
export function shortTime(language, date) {
  const own = OWN[language];
  if (!own) return new Intl.DateTimeFormat(language, { weekday: "short", hour: "numeric", minute: "2-digit" }).format(date);
  return `${own.days[date.getDay()]}${own.after}${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
}
