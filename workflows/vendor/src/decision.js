// Evaluates decisions: the program (made by workflows/dmn.py from the XML) is a tree of boxed expressions whose leaves are
// FEEL texts. Requirements are evaluated once each, on demand; knowledge models and decision services become functions.
import { FeelFunction } from 'feelin';
import { evaluate } from './compile.js';
import { allowed, coerced } from './types.js';

export class DecisionFailure extends Error {
  constructor(kind, decision, details) {
    super(kind);
    this.failure = { kind, decision, ...details };
  }
}

const same = (a, b) => evaluate('e', 'a = b', { a, b }).value === true;

const MISSING = new Set(['NO_VARIABLE_FOUND', 'NO_CONTEXT_ENTRY_FOUND', 'NO_PROPERTY_FOUND']);

class Run {
  /**
   * program.overridden: inputs may stand in for decisions, as in a decision service.
   * program.alone, to measure feelin: 'decisions' with none of our FEEL, 'literals' with none of our decisions either.
   */
  constructor(program, inputs) {
    this.program = program;
    this.inputs = inputs;
    this.values = new Map();
    this.matched = {};
    this.missing = new Set();
    this.mistyped = [];
    this.path = [];
  }

  /** The value as its declared type wants it; what cannot be is null and noted. what: '' a result, '()' an argument, else a name. */
  typed(value, type, owner, what) {
    if (!type || this.program.alone) return value;
    const found = coerced(value, type);
    if (found.fault) this.mistyped.push([owner, what, found.fault]);
    return found.value;
  }

  /** A function whose result is null when its arguments are too few or do not fit. */
  callable(names, types, owner, work) {
    return new FeelFunction((...given) => {
      if (this.program.alone) return work(names.map((_, i) => (given[i] === undefined ? null : given[i])));
      const faults = this.mistyped.length;
      const values = names.map((_, i) => this.typed(given[i] === undefined ? null : given[i], types[i], owner, '()'));
      if (names.some((_, i) => given[i] === undefined)) this.mistyped.push([owner, '()', 'arguments']);
      return this.mistyped.length > faults ? null : work(values);
    }, names);
  }

  decision(id) {
    if (!this.values.has(id)) {
      if (this.path.includes(id)) throw new DecisionFailure('cycle', id, {});
      this.path.push(id);
      const { requires, body, type } = this.program.decisions[id];
      this.values.set(id, this.typed(this.value(body, this.context(requires, id), id), type, id, ''));
      this.path.pop();
    }
    return this.values.get(id);
  }

  /** All variables, as Camunda has it: a table drawn without input data in the graph still finds its inputs. */
  context(requires, owner) {
    const context = { ...this.inputs };
    for (const { kind, id, name, type } of requires) {
      if (kind === 'input') {
        if (Object.hasOwn(context, name)) context[name] = this.typed(context[name], type, owner, name);
      } else if (kind === 'decision') {
        context[name] = Object.hasOwn(this.inputs, name) && this.program.overridden ? this.inputs[name] : this.decision(id);
      } else if (kind === 'knowledge') {
        context[name] = this.knowledge(id);
      } else if (kind === 'service') {
        context[name] = this.service(id);
      }
    }
    return context;
  }

  knowledge(id) {
    const { requires, body } = this.program.knowledge[id];
    return this.value(body, this.context(requires, id), id);
  }

  service(id) {
    const { parameters, outputs, type } = this.program.services[id];
    const names = parameters.map(({ name }) => name);
    return this.callable(names, parameters.map((one) => one.type), id, (values) => {
      const inputs = Object.fromEntries(names.map((name, i) => [name, values[i]]));
      const run = new Run({ ...this.program, overridden: true }, inputs);
      run.missing = this.missing;
      run.mistyped = this.mistyped;
      run.matched = this.matched;
      return this.typed(run.outputs(outputs), type && type.kind === 'function' ? type.result : null, id, '');
    });
  }

  outputs(outputs) {
    if (outputs.length === 1) return this.decision(outputs[0].id);
    return Object.fromEntries(outputs.map(({ id, name }) => [name, this.decision(id)]));
  }

  feel(mode, text, context, owner) {
    const { value, warnings } = evaluate(mode, text, context, Boolean(this.program.alone));
    for (const { type, text: piece } of warnings) {
      if (MISSING.has(type)) this.missing.add(`${owner}\u0000${piece}`);
      if (type === 'FUNCTION_INVOCATION_FAILURE') this.mistyped.push([owner, '()', 'arguments']);
    }
    return value === undefined ? null : value;
  }

  value(body, context, owner) {
    return this.typed(this.bare(body, context, owner), body.type, owner, '');
  }

  bare(body, context, owner) {
    const sub = (child, more) => this.value(child, more ? { ...context, ...more } : context, owner);
    if (this.program.alone === 'literals' && body.kind !== 'literal') {
      throw new DecisionFailure('unknown', owner, { text: body.kind });
    }
    switch (body.kind) {
      case 'literal': return this.feel('e', body.text, context, owner);
      case 'table': return this.table(body, context, owner);
      case 'list': return body.items.map((item) => sub(item));
      case 'relation': return body.rows.map((row) => Object.fromEntries(row.map((cell, i) => [body.columns[i], sub(cell)])));
      case 'context': return this.entries(body, context, owner);
      case 'function': return this.callable(body.parameters, body.types, owner, (values) => (
        sub(body.body, Object.fromEntries(body.parameters.map((name, i) => [name, values[i]])))));
      case 'invocation': return this.invocation(body, context, owner);
      case 'conditional': return sub(sub(body.test) === true ? body.yes : body.no);
      case 'filter': return this.filter(body, context, owner);
      case 'for': return this.items(sub(body.in)).map((item) => sub(body.body, { [body.name]: item }));
      case 'some': return this.quantified(body, sub, true);
      case 'every': return this.quantified(body, sub, false);
      default: throw new DecisionFailure('unknown', owner, { text: body.kind });
    }
  }

  items(value) {
    if (value === null) return [];
    return Array.isArray(value) ? value : [value];
  }

  /** some: wanted is true, every: false. What is neither true nor false leaves it open. */
  quantified(body, sub, wanted) {
    const found = this.items(sub(body.in)).map((item) => sub(body.body, { [body.name]: item }));
    if (found.includes(wanted)) return wanted;
    return found.every((one) => typeof one === 'boolean') ? !wanted : null;
  }

  filter(body, context, owner) {
    const items = this.items(this.value(body.in, context, owner));
    const kept = items.filter((item) => {
      const names = item !== null && typeof item === 'object' && Object.getPrototypeOf(item) === Object.prototype ? item : {};
      return this.value(body.match, { ...context, ...names, item }, owner) === true;
    });
    return kept;
  }

  entries(body, context, owner) {
    const known = { ...context };
    const made = {};
    for (const { name, body: child, type } of body.entries) {
      const value = this.typed(this.value(child, known, owner), type, owner, name || '');
      if (name === null) return value;
      made[name] = known[name] = value;
    }
    return made;
  }

  invocation(body, context, owner) {
    const called = this.value(body.called, context, owner);
    if (!(called instanceof FeelFunction)) {
      this.mistyped.push([owner, '()', 'function']);
      return null;
    }
    const names = Object.fromEntries(body.bindings.map(({ name, body: child }) => [name, this.value(child, context, owner)]));
    if (Object.keys(names).some((name) => !called.parameterNames.includes(name))) {
      this.mistyped.push([owner, '()', 'arguments']);
      return null;
    }
    return called.fn(...called.parameterNames.map((name) => (name in names ? names[name] : null)));
  }

  table(table, context, owner) {
    const inputs = table.inputs.map((text, i) => (
      this.typed(this.feel('e', text, context, owner), table.types[i], owner, text)));
    const cell = (text, value, rule, column) => {
      if (text === '-' || text === '') return true;
      try {
        const flag = typeof value === 'boolean' && !text.includes('?') && !this.program.alone;
        const told = flag ? this.boolean(text, context, owner) : null;
        if (told !== null) return told === value;
        const hit = this.feel('u', text, { ...context, '?': value }, owner);
        if (hit === null && value !== null) this.mistyped.push([owner, text, 'comparable']);
        return hit === true;
      } catch (error) {
        throw error.position ? new DecisionFailure('cell', owner, { text, rule, column }) : error;
      }
    };
    const hits = [];
    for (const rule of table.rules) {
      if (rule.tests.every((text, i) => cell(text, inputs[i], rule.number, i + 1))) {
        hits.push(rule);
        if (table.policy === 'FIRST') break;
      }
    }
    this.matched[owner] = hits.map((rule) => rule.id);
    if (table.policy === 'UNIQUE' && hits.length > 1) {
      throw new DecisionFailure('overlap', owner, { rules: hits.map((rule) => rule.number) });
    }
    const results = hits.map((rule) => rule.outputs.map((text, i) => (
      this.output(table.outputs[i], this.feel('e', text, context, owner), owner))));
    return this.result(table, results, hits, context, owner);
  }

  output({ name, type, values }, value, owner) {
    const found = this.typed(value, type, owner, name);
    if (values && found !== null && !this.program.alone && !allowed(found, values)) {
      this.mistyped.push([owner, name, 'allowed']);
      return null;
    }
    return found;
  }

  /** What a cell over a true or false input says by itself, null where it is a test: "Other.flag" is compared, not believed. */
  boolean(text, context, owner) {
    try {
      const value = this.feel('e', text, context, owner);
      return typeof value === 'boolean' ? value : null;
    } catch (error) {
      if (error.position) return null;   // true, false: tests, and no expression
      throw error;
    }
  }

  result(table, results, hits, context, owner) {
    const whole = (row) => (table.outputs.length === 1 ? row[0]
      : Object.fromEntries(row.map((value, i) => [table.outputs[i].name, value])));
    const many = ['COLLECT', 'RULE ORDER', 'OUTPUT ORDER'].includes(table.policy);
    if (!results.length) {
      if (table.aggregation === 'COUNT') return 0;
      if (table.outputs.some(({ otherwise }) => otherwise !== null)) {
        const usual = whole(table.outputs.map((output) => (output.otherwise === null ? null
          : this.output(output, this.feel('e', output.otherwise, context, owner), owner))));
        return many && !table.aggregation ? [usual] : usual;
      }
      return many && !table.aggregation ? [] : null;
    }
    if (table.policy === 'ANY' && results.some((row) => !same(row, results[0]))) {
      throw new DecisionFailure('overlap', owner, { rules: hits.map((rule) => rule.number) });
    }
    if (['PRIORITY', 'OUTPUT ORDER'].includes(table.policy)) results = this.byPriority(table, results, context, owner);
    if (!many) return whole(results[0]);
    const values = results.map(whole);
    switch (table.aggregation) {
      case 'SUM': return this.aggregate('sum(v)', values, owner);
      case 'MIN': return this.aggregate('min(v)', values, owner);
      case 'MAX': return this.aggregate('max(v)', values, owner);
      case 'COUNT': return values.length;
      default: return values;
    }
  }

  aggregate(text, values, owner) {
    const value = this.feel('e', text, { v: values }, owner);
    if (value === null && !this.program.alone) throw new DecisionFailure('aggregate', owner, {});
    return value;
  }

  byPriority(table, results, context, owner) {
    const orders = table.outputs.map(({ values }) => (values === null ? [] : this.feel('e', `[${values}]`, context, owner)));
    const rank = (value, order) => {
      const at = order.findIndex((one) => same(one, value));
      return at < 0 ? order.length : at;
    };
    const compare = (a, b) => orders.map((order, i) => rank(a[i], order) - rank(b[i], order)).find((n) => n !== 0) || 0;
    return [...results].sort(compare);
  }
}

/** @returns {{value, matched: Object<string, string[]>, missing: string[][]}} */
export function decide(program, decision, inputs) {
  const run = new Run(program, inputs);
  const value = run.decision(decision);
  return { value, ...notes(run) };
}

export function invoke(program, service, inputs) {
  const run = new Run(program, {});
  const called = run.service(service);
  const value = called.fn(...called.parameterNames.map((name) => (Object.hasOwn(inputs, name) ? inputs[name] : undefined)));
  return { value, ...notes(run) };
}

const notes = ({ matched, missing, mistyped }) => ({
  matched, mistyped, missing: [...missing].map((text) => text.split('\u0000')),
});
