// Types that a model declares: {kind, of, fields, result, allowed}, made by workflows/boxed.py; null is any value.
import { FeelDate, FeelDateTime, FeelDuration, FeelFunction, FeelTime } from 'feelin';
import { evaluate } from './compile.js';

const plain = (value) => value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;

const KINDS = {
  any: () => true,
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  date: (value) => value instanceof FeelDate,
  time: (value) => value instanceof FeelTime,
  'date and time': (value) => value instanceof FeelDateTime,
  'days and time duration': (value) => value instanceof FeelDuration && !value.yearsMonths,
  'years and months duration': (value) => value instanceof FeelDuration && value.yearsMonths,
  function: (value) => value instanceof FeelFunction || typeof value === 'function',   // ours, or one of the language
  list: (value, { of }) => Array.isArray(value) && value.every((one) => fits(one, of)),
  context: (value, { fields }) => plain(value)
    && Object.keys(fields).every((name) => Object.hasOwn(value, name) && fits(value[name], fields[name])),
};

/** Whether the value is of the type. null is of every type. */
export function fits(value, type) {
  if (!type || value === null) return true;
  return KINDS[type.kind](value, type) && allowed(value, type.allowed);
}

/** Whether unary tests, the allowed values, hold for the value. */
export function allowed(value, tests) {
  return !tests || evaluate('u', tests, { '?': value }).value === true;
}

/** @returns {{value, fault: string|null}} the value, or a list made of it or its only item (DMN 1.5, 10.3.2.9.4); else null */
export function coerced(value, type) {
  if (fits(value, type)) return { value, fault: null };
  if (type.kind === 'list' && !Array.isArray(value) && fits([value], type)) return { value: [value], fault: null };
  if (Array.isArray(value) && value.length === 1 && fits(value[0], type)) return { value: value[0], fault: null };
  return { value: null, fault: KINDS[type.kind](value, type) ? 'allowed' : type.kind };
}
