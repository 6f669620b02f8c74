// What the grammar lets pass although nobody can have meant it. feelin's parser accepts a test ("> 5") wherever a value may
// stand, and takes any row of words for one name; both are found in the tree, so that a linter can refuse them.
import { parseExpression, parseUnaryTests, builtins } from 'feelin';

const NAMES = new Set(['VariableName', 'PathName']);

const children = (node) => {
  const found = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
};

/**
 * @param {boolean} strict names hold no blanks here (as in a process), except those in `context`
 * @returns {{fault: string, text: string}|null} 'operators', 'name' or 'function', and the piece that is wrong
 */
export function fault(mode, text, context, strict) {
  const tree = (mode === 'u' ? parseUnaryTests : parseExpression)(text, context, undefined);
  const words = (node) => text.slice(node.from, node.to).replace(/\s+/g, ' ').trim();
  const known = (name) => Object.hasOwn(builtins, name) || Object.hasOwn(context, name);
  let found = null;
  let defines = false;
  const note = (kind, node) => { found = found || { fault: kind, text: words(node) }; };
  tree.iterate({
    enter({ node }) {
      const parent = node.parent ? node.parent.name : '';
      if (node.name === 'FunctionDefinition') defines = true;
      if (node.name === 'SimplePositiveUnaryTest' && node.firstChild && node.firstChild.name === 'CompareOp'
          && ['Expression', 'Comparison', 'SimplePositiveUnaryTest'].includes(parent)) note('operators', node);
      if (!strict) return;
      if (NAMES.has(node.name) && children(node).length > 1 && !known(words(node))) note('name', node);
      if (node.name === 'FunctionInvocation' && !defines && node.firstChild.name === 'VariableName'
          && !known(words(node.firstChild))) note('function', node.firstChild);
    },
  });
  return found;
}
