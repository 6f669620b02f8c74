// FEEL text -> a function, kept. How a text is parsed depends on the names in scope (a name may hold blanks or signs),
// so the key of the cache is the text and the shape of the context: its names, at every depth.
import { Interpreter, InterpreterContext } from 'feelin';
import { withFeelinAlone } from './functions.js';

const KEPT = 4000;
const interpreter = new Interpreter();
const cache = new Map();

function shape(value) {
  if (Array.isArray(value)) return `[${[...new Set(value.map(shape))].join('|')}]`;
  if (value === null || typeof value !== 'object') return '';
  if (Object.getPrototypeOf(value) !== Object.prototype) return '';
  return `{${Object.keys(value).map((key) => JSON.stringify(key) + shape(value[key])).join(',')}}`;
}

/** mode: 'e' expression, 'u' unary tests; alone: keeps what is compiled with feelin's own functions apart. Throws SyntaxError. */
export function compile(mode, text, context, alone = false) {
  const key = `${mode}${alone ? '!' : ''}${text}\u0000${shape(context)}`;
  let ready = cache.get(key);
  if (!ready) {
    const notes = new InterpreterContext();
    const parse = mode === 'u' ? interpreter.unaryTest : interpreter.evaluate;
    ready = { notes, root: parse.call(interpreter, text, context, undefined, notes).root };
    if (cache.size >= KEPT) cache.clear();
    cache.set(key, ready);
  }
  return ready;
}

/** alone: with feelin's own functions only. @returns {{value, warnings: {type: string, text: string}[]}} */
export function evaluate(mode, text, context, alone = false) {
  return alone ? withFeelinAlone(() => run(mode, text, context, true)) : run(mode, text, context, false);
}

function run(mode, text, context, alone) {
  const { root, notes } = compile(mode, text, context, alone);
  const outer = notes.warnings;   // an expression may, by a function, run itself again
  notes.warnings = [];
  try {
    const found = root(context);
    const value = mode === 'u' ? found(context['?'] === undefined ? null : context['?']) : found;
    return {
      value,
      warnings: notes.warnings.map((w) => ({ type: w.type, text: text.slice(w.position.from, w.position.to) })),
    };
  } finally {
    notes.warnings = outer;
  }
}
