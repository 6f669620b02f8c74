// What feelin names but does not compute: the relations of ranges (DMN 1.5, table 78). They stand in for its own; an expression
// can still be compiled with feelin's, so that `gcb conformance` can tell what feelin alone is worth.
import { builtins, cmp, FeelRange } from 'feelin';

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
};
const THEIRS = Object.fromEntries(Object.keys(OURS).map((name) => [name, builtins[name]]));

Object.assign(builtins, OURS);

/** What `work` gives while feelin's own functions are in force: they are looked up when an expression is compiled. */
export function withFeelinAlone(work) {
  Object.assign(builtins, THEIRS);
  try {
    return work();
  } finally {
    Object.assign(builtins, OURS);
  }
}
