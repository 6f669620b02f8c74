// What crosses the border to Python: JSON, with {[TAG]: kind, v: text} for what JSON has not.
import { FeelDate, FeelDateTime, FeelDuration, FeelRange, FeelTime, duration, isFunction, parseDate, parseDateTime,
  parseTime } from 'feelin';

export const TAG = '\u0001';
const READERS = { date: parseDate, time: parseTime, datetime: parseDateTime, duration, months: duration };

export function read(value) {
  if (Array.isArray(value)) return value.map(read);
  if (value === null || typeof value !== 'object') return value;
  if (TAG in value) return READERS[value[TAG]](value.v);
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value[key])]));   // also of a name like __proto__
}

const tagged = (kind, v) => ({ [TAG]: kind, v });

export function write(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' && typeof value !== 'function') return value;
  if (Array.isArray(value)) return value.map(write);
  if (value instanceof FeelDate) return tagged('date', value.toString());
  if (value instanceof FeelTime) return tagged('time', value.toString());
  if (value instanceof FeelDateTime) return tagged('datetime', value.toString());
  if (value instanceof FeelDuration) return tagged(value.yearsMonths ? 'months' : 'duration', value.toString());
  if (value instanceof FeelRange) {
    return tagged('range', { start: write(value.start), end: write(value.end), startIncluded: value['start included'],
      endIncluded: value['end included'] });
  }
  if (typeof value === 'function' || isFunction(value)) return tagged('function', '');
  return Object.fromEntries(Object.keys(value).map((key) => [key, write(value[key])]));
}
