/* Builds the pages' styles, scripts and icons into server/web/static (git-ignored).

   node build.mjs               build
   node build.mjs --if-changed  build only when the lock, the sources or the templates changed since the last build

   What comes out: every file with a hash of its content in its name, beside it .br and .gz, and manifest.json,
   which maps the plain name ("app.css") to the hashed one and lists the icons of the sprite. The new directory
   replaces the old one in one rename, so that a running server never sees half a build. Installs node_modules
   (npm ci) when the lock changed. Needs node >= 20. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

const here = path.dirname(fileURLToPath(import.meta.url));
const web = path.dirname(here);
const target = path.join(web, 'static');
const modules = path.join(here, 'node_modules');
const compressible = /\.(css|js|svg|json|map)$/;

/** All files below a directory whose name ends in one of the endings, sorted. */
function filesIn(directory, endings) {
  if (!fs.existsSync(directory)) return [];
  const found = [];
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      if (['node_modules', 'static', 'frontend', '__pycache__'].includes(entry.name)) continue;
      found.push(...filesIn(file, endings));
    } else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(file);
  }
  return found.sort();
}

/** Where class names and icon names are written: templates and the Python that feeds them. */
const mentions = () => [
  ...filesIn(web, ['.html', '.jinja', '.py']),
  ...filesIn(path.join(here, 'src'), ['.js']),
];

function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex');
}

const lockHash = () => hash(fs.readFileSync(path.join(here, 'package-lock.json')));

/** One value for everything that can change the result. */
function sourceHash() {
  const sum = createHash('sha256').update(lockHash());
  const own = [path.join(here, 'build.mjs'), ...filesIn(path.join(here, 'css'), ['.css'])];
  for (const file of [...own, ...mentions()]) {
    sum.update(path.relative(web, file)).update('\0').update(fs.readFileSync(file)).update('\0');
  }
  return sum.digest('hex');
}

const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');

/** Run `npm ci` when node_modules does not match the lock. Scripts stay off: esbuild works without its own. */
function installModules() {
  const mark = path.join(modules, '.lock-hash');
  if (read(mark) === lockHash()) return;
  console.log('npm ci …');
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const done = spawnSync('npm', options, { cwd: here, stdio: 'inherit' });
  if (done.error) throw new Error(`npm does not start: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`npm ci ended with status ${done.status}`);
  fs.writeFileSync(mark, lockHash());
}

/** Tabler without what no page uses, then our tokens, then our components: one stylesheet. */
async function stylesheet(esbuild) {
  const { PurgeCSS } = await import('purgecss');
  const tabler = fs.readFileSync(path.join(modules, '@tabler/core/dist/css/tabler.min.css'), 'utf8');
  const own = ['tokens.css', 'components.css'].map((name) => path.join(here, 'css', name));
  const more = filesIn(path.join(here, 'css'), ['.css']).filter((file) => !own.includes(file));
  const ours = [...own, ...more].map((file) => fs.readFileSync(file, 'utf8')).join('\n');
  const [purged] = await new PurgeCSS().purge({
    content: mentions().map((file) => ({ raw: fs.readFileSync(file, 'utf8'), extension: path.extname(file).slice(1) })),
    css: [{ raw: tabler }],
    defaultExtractor: (text) => text.match(/[\w-]+/g) ?? [],
    safelist: { standard: ['html', 'body', 'main', 'dialog', /^is-/, /^was-validated$/] },
    keyframes: true,
  });
  // Variables are dropped only when neither what is left of Tabler nor our own styles read them.
  const kept = dropUnreadVariables(purged.css, ours);
  const { code, warnings } = await esbuild.transform(`${kept}\n${ours}`, { loader: 'css', minify: true, logLevel: 'silent' });
  for (const warning of warnings) {
    if (!/is not a known CSS property/.test(warning.text)) console.warn(`css: ${warning.text}`);
  }
  return code;
}

/** Remove `--name: value` declarations that nothing reads, again and again until no more fall away. */
function dropUnreadVariables(css, readers) {
  for (;;) {
    const read = new Set(`${css}\n${readers}`.match(/var\(\s*--[\w-]+/g)?.map((use) => use.replace(/var\(\s*/, '')));
    const next = css.replace(/(?<=[{;])\s*(--[\w-]+)\s*:(?:[^;{}"']|"[^"]*"|'[^']*')*(;|(?=\}))/g,
      (whole, name) => (read.has(name) ? whole : ''));
    if (next === css) return css;
    css = next;
  }
}

/** The icons named anywhere in quotes, as one sprite of <symbol id="i-NAME">. */
function sprite() {
  const directory = path.join(modules, '@tabler/icons/icons/outline');
  const known = new Set(fs.readdirSync(directory).map((name) => name.slice(0, -4)));
  const named = new Set();
  for (const file of mentions()) {
    for (const match of fs.readFileSync(file, 'utf8').matchAll(/(['"])([a-z][a-z0-9-]*)\1/g)) {
      if (known.has(match[2])) named.add(match[2]);
    }
  }
  const icons = [...named].sort();
  const symbols = icons.map((name) => {
    const body = fs.readFileSync(path.join(directory, `${name}.svg`), 'utf8')
      .replace(/^[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '')
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '').replace(/\s+/g, ' ').replace(/> </g, '><').trim();
    return `<symbol id="i-${name}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  return { icons, svg: `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>` };
}

/** Scripts, split into shared chunks; a stylesheet a script imports comes out beside it. */
async function scripts(esbuild, into) {
  const entries = ['app', 'viewer', 'model', 'decision', 'form'].map((name) => path.join(here, 'src', `${name}.js`)).filter(fs.existsSync);
  const { metafile } = await esbuild.build({
    entryPoints: entries, outdir: into, bundle: true, splitting: true, format: 'esm', minify: true, metafile: true,
    target: ['chrome123', 'firefox120', 'safari17.5'], entryNames: '[name]-[hash]', chunkNames: 'part-[hash]',
    assetNames: '[name]-[hash]', legalComments: 'linked', logLevel: 'warning',
    loader: { '.woff': 'file', '.woff2': 'file', '.ttf': 'file', '.eot': 'file', '.svg': 'file' },
    // The form editor and the viewer inside it draw into one tree: two copies of preact would not see one another's hooks.
    alias: { preact: path.join(modules, 'preact') },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const names = {};
  for (const [output, info] of Object.entries(metafile.outputs)) {
    if (!info.entryPoint) continue;
    const plain = path.basename(info.entryPoint);
    names[plain] = path.basename(output);
    if (info.cssBundle) names[plain.replace(/\.js$/, '.css')] = path.basename(info.cssBundle);
  }
  return names;
}

function compress(directory) {
  for (const name of fs.readdirSync(directory)) {
    if (!compressible.test(name) || name === 'manifest.json') continue;
    const file = path.join(directory, name);
    const bytes = fs.readFileSync(file);
    fs.writeFileSync(`${file}.gz`, zlib.gzipSync(bytes, { level: 9 }));
    fs.writeFileSync(`${file}.br`, zlib.brotliCompressSync(bytes, {
      params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }));
  }
}

/** Write a text under a name that holds the hash of its content; returns that name. */
function writeHashed(directory, name, text) {
  const { name: stem, ext } = path.parse(name);
  const hashed = `${stem}-${hash(text).slice(0, 10).toUpperCase()}${ext}`;
  fs.writeFileSync(path.join(directory, hashed), text);
  return hashed;
}

async function build(stamp) {
  installModules();
  const esbuild = await import('esbuild');
  const fresh = `${target}.new-${process.pid}`;
  const old = `${target}.old-${process.pid}`;
  fs.mkdirSync(fresh);
  try {
    const files = await scripts(esbuild, fresh);
    const { icons, svg } = sprite();
    const css = await stylesheet(esbuild);
    // The one stylesheet of every page; app.js imports none.
    files['app.css'] = writeHashed(fresh, 'app.css', css);
    files['icons.svg'] = writeHashed(fresh, 'icons.svg', svg);
    for (const picture of filesIn(path.join(here, 'img'), ['.svg', '.png', '.ico'])) {
      const name = path.basename(picture);
      files[name] = writeHashed(fresh, name, fs.readFileSync(picture));
    }
    compress(fresh);
    fs.writeFileSync(path.join(fresh, 'manifest.json'), `${JSON.stringify({ files, icons }, null, 1)}\n`);
    fs.writeFileSync(path.join(fresh, '.stamp'), stamp);
    if (fs.existsSync(target)) fs.renameSync(target, old);
    fs.renameSync(fresh, target);
    report(files);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
    fs.rmSync(old, { recursive: true, force: true });
  }
}

function report(files) {
  for (const [plain, hashed] of Object.entries(files)) {
    const size = (ending) => {
      const file = path.join(target, hashed + ending);
      return fs.existsSync(file) ? `${(fs.statSync(file).size / 1024).toFixed(1)} KB` : '-';
    };
    console.log(`${plain.padEnd(14)} ${size('').padStart(10)}  gz ${size('.gz').padStart(9)}  br ${size('.br').padStart(9)}`);
  }
}

const stamp = sourceHash();
if (process.argv.includes('--if-changed') && read(path.join(target, '.stamp')) === stamp) {
  console.log('front end: unchanged');
} else {
  await build(stamp);
}
