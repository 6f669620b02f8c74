// Functions of ours that stand in for feelin's: what it names but does not compute (the relations of ranges, DMN 1.5, table 78),
// and what it answers wrongly or with null: roundings of 2.345, years and months with days left over, the latest of some dates.
// An expression can still be compiled with feelin's own, so that `gcb conformance` can tell what feelin alone is worth.
import { builtins, cmp, duration, FeelDate, FeelDateTime, FeelDuration, FeelRange, FeelTime } from 'feelin';

const ranges = (...values) => values.every((value) => value instanceof FeelRange);
const no = (value) => value === null || value === undefined;

function starts(a, b) {
  if (!ranges(b)) return null;
  if (!ranges(a)) return b['start included'] && cmp(a, b.start) === 0;
  const end = cmp(a.end, b.end);
  return cmp(a.start, b.start) === 0 && a['start included'] === b['start included']
    && (end < 0 || (end === 0 && (!a['end included'] || b['end included'])));
}

function finishes(a, b) {
  if (!ranges(b)) return null;
  if (!ranges(a)) return b['end included'] && cmp(a, b.end) === 0;
  const start = cmp(a.start, b.start);
  return cmp(a.end, b.end) === 0 && a['end included'] === b['end included']
    && (start > 0 || (start === 0 && (!a['start included'] || b['start included'])));
}

function overlapsBefore(a, b) {
  if (!ranges(a, b)) return null;
  const start = cmp(a.start, b.start);
  const touch = cmp(a.end, b.start);
  const end = cmp(a.end, b.end);
  return (start < 0 || (start === 0 && a['start included'] && !b['start included']))
    && (touch > 0 || (touch === 0 && a['end included'] && b['start included']))
    && (end < 0 || (end === 0 && (!a['end included'] || b['end included'])));
}

function coincides(a, b) {
  if (!ranges(a) && !ranges(b)) return cmp(a, b) === 0;
  if (!ranges(a, b)) return null;
  return cmp(a.start, b.start) === 0 && cmp(a.end, b.end) === 0 && a['start included'] === b['start included']
    && a['end included'] === b['end included'];
}

const during = (a, b) => (ranges(b) ? b.includes(a) : null);

// -- rounding: of the decimal that is written, not of the double that holds it

const LEAST = -6111;
const GREATEST = 6176;

function shifted(number, places) {
  const [digits, exponent = '0'] = String(number).split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}

/** @param {number|undefined} usual the scale where none is given; undefined: it has to be given */
function rounding(round, usual) {
  const found = (n, scale = usual) => {
    if (typeof n !== 'number' || typeof scale !== 'number') return null;
    const places = Math.trunc(scale);
    if (places < LEAST || places > GREATEST) return null;
    const result = shifted(round(shifted(n, places)), -places);
    return Number.isFinite(result) ? result : n;
  };
  found.$args = ['n', 'scale'];
  return found;
}

const away = (round) => (n) => Math.sign(n) * round(Math.abs(n));

function halfEven(n) {
  const below = Math.floor(n);
  return n - below === 0.5 ? below + Math.abs(below % 2) : Math.round(n);
}

// -- dates

const days = (value) => (value instanceof FeelDate ? value.value : value.value.toPlainDate());

function monthsBetween(from, to) {
  if (![from, to].every((one) => one instanceof FeelDate || one instanceof FeelDateTime)) return null;
  const { years, months } = days(from).until(days(to), { largestUnit: 'year' });
  const all = years * 12 + months;
  return duration(`${all < 0 ? '-' : ''}P${Math.abs(all)}M`);
}
monthsBetween.$args = ['from', 'to'];

const KINDS = [FeelDate, FeelDateTime, FeelTime, FeelDuration];
const kind = (value) => (typeof value === 'number' || typeof value === 'string' ? typeof value
  : KINDS.find((one) => value instanceof one) || null);

/** Of numbers, texts, dates, times or durations, all of one kind; else null. */
function utmost(sign) {
  const found = (...given) => {
    const list = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
    const first = list.length ? kind(list[0]) : null;
    if (first === null || list.some((one) => kind(one) !== first)) return null;
    return list.reduce((best, one) => (cmp(one, best) * sign > 0 ? one : best));
  };
  found.$args = ['...list'];
  return found;
}

function relation(test, names) {
  const found = (a, b) => (no(a) || no(b) ? null : test(a, b));
  found.$args = names;
  return found;
}

const OURS = {
  during: relation(during, ['point', 'range']),
  starts: relation(starts, ['point', 'range']),
  'started by': relation((a, b) => starts(b, a), ['range', 'point']),
  finishes: relation(finishes, ['point', 'range']),
  'finished by': relation((a, b) => finishes(b, a), ['range', 'point']),
  'overlaps before': relation(overlapsBefore, ['range1', 'range2']),
  'overlaps after': relation((a, b) => overlapsBefore(b, a), ['range1', 'range2']),
  coincides: relation(coincides, ['point1', 'point2']),
  decimal: rounding(halfEven),
  floor: rounding(Math.floor, 0),
  ceiling: rounding(Math.ceil, 0),
  'round up': rounding(away(Math.ceil)),
  'round down': rounding(away(Math.floor)),
  'round half up': rounding(away(Math.round)),
  'round half down': rounding(away((n) => Math.ceil(n - 0.5))),
  'years and months duration': monthsBetween,
  min: utmost(-1),
  max: utmost(1),
};
/** A value of another kind than the ends is in no range; feelin says that "x" lies between 1 and 3. */
function rangeIncludes(value) {
  const end = this.start === null ? this.end : this.start;
  const other = !(value instanceof FeelRange) && !no(value) && !no(end) && kind(value) !== kind(end);
  return other ? null : includesOf.call(this, value);
}
const includesOf = FeelRange.prototype.includes;

const STEPS = [
  [(value) => typeof value === 'number', (value, by) => value + by],
  [(value) => value instanceof FeelDate, (value, by) => new FeelDate(value.value.add({ days: by }))],
];

/** One after the other, numbers by one and dates by a day; feelin knows no dates, and never ends between 1 and 2.5. */
function rangeMap(work) {
  const step = STEPS.find(([is]) => is(this.start) && is(this.end));
  if (!step) return mapOf.call(this, work);
  const by = cmp(this.start, this.end) > 0 ? -1 : 1;
  const found = [];
  for (let one = this['start included'] ? this.start : step[1](this.start, by); ; one = step[1](one, by)) {
    const left = cmp(this.end, one) * by;
    if (left < 0 || (left === 0 && !this['end included'])) return found;
    found.push(work(one));
  }
}
const mapOf = FeelRange.prototype.map;

const THEIRS = Object.fromEntries(Object.keys(OURS).map((name) => [name, builtins[name]]));

const install = (functions, ranges) => {
  Object.assign(builtins, functions);
  Object.assign(FeelRange.prototype, ranges);
};
const ours = () => install(OURS, { includes: rangeIncludes, map: rangeMap });

ours();

/** What `work` gives while feelin's own functions are in force; one inside another keeps them so. */
export function withFeelinAlone(work) {
  if (builtins.min === THEIRS.min) return work();
  install(THEIRS, { includes: includesOf, map: mapOf });
  try {
    return work();
  } finally {
    ours();
  }
}
