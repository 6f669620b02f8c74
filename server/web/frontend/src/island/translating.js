/* One translate function for an editor from tables of words, later ones first. What no table knows is shown as it is and
   kept in `editor.untranslated`, where a test looks for it. */
export function translator(editor, ...tables) {
  const words = Object.assign({}, ...tables);
  const unknown = new Set();
  editor.untranslated = unknown;
  return (template, replacements = {}) => {
    const text = String(template);
    if (!(text in words) && /[A-Za-z]{2}/.test(text)) unknown.add(text);
    return (words[text] ?? text).replace(/{([^}]+)}/g, (whole, key) => replacements[key] ?? whole);
  };
}
