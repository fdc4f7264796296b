import { RenderingSettingsError } from './errors';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** What `strftime_now` of chat templates gives on a date (year-month-day) at midnight. Throws `RenderingSettingsError`. */
export function fixedDateFormat(date: string): (format: string) => string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) ?? [];
  const monthName = months[Number(month) - 1];
  if (year === undefined || month === undefined || day === undefined || monthName === undefined) {
    throw new RenderingSettingsError(`the date "${date}" is not year-month-day`);
  }
  const fields: Readonly<Record<string, string>> = {
    Y: year,
    m: month,
    d: day,
    B: monthName,
    b: monthName.slice(0, 3),
    H: '00',
    M: '00',
    S: '00',
    '%': '%',
  };
  return (format) => format.replace(/%(.)/g, (whole, field: string) => fields[field] ?? whole);
}
