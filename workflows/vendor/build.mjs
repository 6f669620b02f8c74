// Bundles FEEL (feelin with its Temporal polyfill, our Intl shim, our decision interpreter) into one committed file.
// feelin parses its text again at every call; we need its interpreter itself, to keep parsed expressions, and the
// functions it knows, so the names below are added to what its module exports.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const INSIDE = ['Interpreter', 'InterpreterContext', 'builtins', 'cmp'];

await build({
  entryPoints: ['src/main.js'],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: '/* Built by build.mjs from feelin 8.2.0 and what LICENSES.txt lists. Do not edit. */' },
  outfile: 'feelin.js',
  plugins: [{
    name: 'feelin-inside',
    setup(setup) {
      setup.onLoad({ filter: /feelin[\\/]dist[\\/]index\.js$/ }, ({ path }) => ({
        contents: `${readFileSync(path, 'utf8')}\nexport { ${INSIDE.join(', ')} };\n`,
        loader: 'js',
      }));
    },
  }],
});

const licences = ['feelin', 'lezer-feel', '@lezer/common', '@lezer/highlight', '@lezer/lr', 'min-dash', 'temporal-polyfill',
  'temporal-utils'];
const texts = licences.map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  let text = '';
  for (const file of ['LICENSE', 'LICENSE.md', 'license']) {
    try { text = readFileSync(`node_modules/${name}/${file}`, 'utf8'); break; } catch { /* the next spelling */ }
  }
  return `== ${name} ${version} (${license})\n\n${text.trim()}\n`;
});
writeFileSync('LICENSES.txt', `What feelin.js contains, beside our own src/.\n\n${texts.join('\n')}`);
