import './intl.js';
import { builtins } from 'feelin';
import { fault } from './check.js';
import { evaluate, compile } from './compile.js';
import { decide, invoke, DecisionFailure } from './decision.js';
import { read, write } from './values.js';

// One function for Python: JSON in, JSON out. Nothing else of the page of names here is asked for.
const KEPT = 200;
const PROGRAMS = new Map();   // by hash: a decision's program crosses the border once

const COMMANDS = {
  evaluate({ mode, text, variables }) {
    const { value, warnings } = evaluate(mode, text, read(variables));
    return { value: write(value), warnings };
  },
  check({ mode, text, variables }) {
    compile(mode, text, read(variables));
    return {};
  },
  doubt({ mode, text, variables, strict }) {
    const names = read(variables);
    compile(mode, text, names);
    return { fault: fault(mode, text, names, strict) };
  },
  functions() {
    return { names: Object.keys(builtins) };
  },
  learn({ hash, program }) {
    if (PROGRAMS.size >= KEPT) PROGRAMS.clear();   // Python teaches again what is asked for
    PROGRAMS.set(hash, program);
    return {};
  },
  decide({ hash, decision, service, variables }) {
    const program = PROGRAMS.get(hash);
    if (!program) return { error: 'unlearnt' };
    const inputs = read(variables);
    const { value, ...notes } = service ? invoke(program, service, inputs) : decide(program, decision, inputs);
    return { value: write(value), ...notes };
  },
};

globalThis.feel = (request) => {
  const command = JSON.parse(request);
  globalThis.clock.now = command.now;
  try {
    return JSON.stringify(COMMANDS[command.command](command));
  } catch (error) {
    if (error && error.input !== undefined && error.position) {
      const { from, to } = error.position;   // in the whole text; error.input is only the piece that broke
      const whole = typeof command.text === 'string' ? command.text : error.input;
      return JSON.stringify({ error: 'syntax', text: whole.slice(from, to) || whole.slice(from) });
    }
    if (error instanceof DecisionFailure) return JSON.stringify({ error: 'decision', failure: error.failure });
    if (error instanceof Error && error.message === 'NO_CLOCK') return JSON.stringify({ error: 'clock' });
    throw error;
  }
};
