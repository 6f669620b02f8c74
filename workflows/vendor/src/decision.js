// Evaluates decisions: the program (made by workflows/dmn.py from the XML) is a tree of boxed expressions whose leaves are
// FEEL texts. Requirements are evaluated once each, on demand; knowledge models and decision services become functions.
import { FeelFunction } from 'feelin';
import { evaluate } from './compile.js';

export class DecisionFailure extends Error {
  constructor(kind, decision, details) {
    super(kind);
    this.failure = { kind, decision, ...details };
  }
}

const same = (a, b) => evaluate('e', 'a = b', { a, b }).value === true;

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
    this.path = [];
  }

  decision(id) {
    if (!this.values.has(id)) {
      if (this.path.includes(id)) throw new DecisionFailure('cycle', id, {});
      this.path.push(id);
      const { requires, body } = this.program.decisions[id];
      this.values.set(id, this.value(body, this.context(requires), id));
      this.path.pop();
    }
    return this.values.get(id);
  }

  /** All variables, as Camunda has it: a table drawn without input data in the graph still finds its inputs. */
  context(requires) {
    const context = { ...this.inputs };
    for (const { kind, id, name } of requires) {
      if (kind === 'decision') {
        context[name] = name in this.inputs && this.program.overridden ? this.inputs[name] : this.decision(id);
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
    return this.value(body, this.context(requires), id);
  }

  service(id) {
    const { parameters, outputs } = this.program.services[id];
    return new FeelFunction((...given) => {
      const inputs = {};
      parameters.forEach((name, i) => { inputs[name] = given[i] === undefined ? null : given[i]; });
      return new Run({ ...this.program, overridden: true }, inputs).outputs(outputs);
    }, parameters);
  }

  outputs(outputs) {
    if (outputs.length === 1) return this.decision(outputs[0].id);
    return Object.fromEntries(outputs.map(({ id, name }) => [name, this.decision(id)]));
  }

  feel(mode, text, context, owner) {
    const { value, warnings } = evaluate(mode, text, context, Boolean(this.program.alone));
    for (const warning of warnings) {
      if (warning.type === 'NO_VARIABLE_FOUND') this.missing.add(`${owner}\u0000${warning.text}`);
    }
    return value === undefined ? null : value;
  }

  value(body, context, owner) {
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
      case 'function': return new FeelFunction((...given) => {
        const names = {};
        body.parameters.forEach((name, i) => { names[name] = given[i] === undefined ? null : given[i]; });
        return sub(body.body, names);
      }, body.parameters);
      case 'invocation': return this.invocation(body, context, owner);
      case 'conditional': return sub(sub(body.test) === true ? body.yes : body.no);
      case 'filter': return this.filter(body, context, owner);
      case 'for': return this.items(sub(body.in)).map((item) => sub(body.body, { [body.name]: item }));
      case 'some': return this.items(sub(body.in)).some((item) => sub(body.body, { [body.name]: item }) === true);
      case 'every': return this.items(sub(body.in)).every((item) => sub(body.body, { [body.name]: item }) === true);
      default: throw new DecisionFailure('unknown', owner, { text: body.kind });
    }
  }

  items(value) {
    if (value === null) return [];
    return Array.isArray(value) ? value : [value];
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
    for (const { name, body: child } of body.entries) {
      const value = this.value(child, known, owner);
      if (name === null) return value;
      made[name] = known[name] = value;
    }
    return made;
  }

  invocation(body, context, owner) {
    const called = this.value(body.called, context, owner);
    if (!(called instanceof FeelFunction)) return null;
    const names = Object.fromEntries(body.bindings.map(({ name, body: child }) => [name, this.value(child, context, owner)]));
    if (Object.keys(names).some((name) => !called.parameterNames.includes(name))) return null;
    return called.fn(...called.parameterNames.map((name) => (name in names ? names[name] : null)));
  }

  table(table, context, owner) {
    const inputs = table.inputs.map((text) => this.feel('e', text, context, owner));
    const cell = (text, value, rule, column) => {
      if (text === '-' || text === '') return true;
      try {
        return this.feel('u', text, { ...context, '?': value }, owner) === true;
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
    const results = hits.map((rule) => rule.outputs.map((text) => this.feel('e', text, context, owner)));
    return this.result(table, results, hits, context, owner);
  }

  result(table, results, hits, context, owner) {
    const whole = (row) => (table.outputs.length === 1 ? row[0]
      : Object.fromEntries(row.map((value, i) => [table.outputs[i].name, value])));
    const many = ['COLLECT', 'RULE ORDER', 'OUTPUT ORDER'].includes(table.policy);
    if (!results.length) {
      if (table.outputs.some(({ otherwise }) => otherwise !== null)) {
        return whole(table.outputs.map(({ otherwise }) => (otherwise === null ? null : this.feel('e', otherwise, context, owner))));
      }
      if (table.aggregation === 'COUNT') return 0;
      return many && !table.aggregation ? [] : null;
    }
    if (table.policy === 'ANY' && results.some((row) => !same(row, results[0]))) {
      throw new DecisionFailure('overlap', owner, { rules: hits.map((rule) => rule.number) });
    }
    if (['PRIORITY', 'OUTPUT ORDER'].includes(table.policy)) results = this.byPriority(table, results, context, owner);
    if (!many) return whole(results[0]);
    const values = results.map(whole);
    switch (table.aggregation) {
      case 'SUM': return this.feel('e', 'sum(v)', { v: values }, owner);
      case 'MIN': return this.feel('e', 'min(v)', { v: values }, owner);
      case 'MAX': return this.feel('e', 'max(v)', { v: values }, owner);
      case 'COUNT': return values.length;
      default: return values;
    }
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
  return { value, matched: run.matched, missing: [...run.missing].map((text) => text.split('\u0000')) };
}

export function invoke(program, service, inputs) {
  const { outputs } = program.services[service];
  const run = new Run({ ...program, overridden: true }, inputs);
  return { value: run.outputs(outputs), matched: run.matched, missing: [] };
}
