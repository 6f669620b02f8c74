/* A diagram to look at: <div class="gb-canvas" data-bpmn="URL of the model" data-done="ids" data-now="ids"
   data-go="flow ids" data-add data-mod data-bad data-unwalked>. Ids are separated by spaces. The colours come from the
   tokens; everything the marks say stands in words in the list below the diagram. The bpmn.io mark stays. */
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { moddleExtensions, renderers, whenDrawn } from './diagram.js';

const marks = ['walked', 'done', 'now', 'go', 'add', 'mod', 'bad', 'unwalked'];

function mark(viewer, container) {
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  for (const name of marks) {
    for (const id of (container.dataset[name] ?? '').split(/\s+/).filter(Boolean)) {
      if (registry.get(id)) canvas.addMarker(id, `gb-${name}`);
    }
  }
}

/** A numbered disc at the corner of every task where the case stands now; its name is said in the list below. */
function tokens(viewer, container) {
  const registry = viewer.get('elementRegistry');
  const overlays = viewer.get('overlays');
  const now = (container.dataset.now ?? '').split(/\s+/).filter((id) => id && registry.get(id));
  now.forEach((id, index) => {
    const disc = document.createElement('span');
    disc.className = 'gb-token';
    disc.textContent = String(index + 1);
    overlays.add(id, { position: { top: -12, right: 12 }, html: disc });
  });
}

const readable = 0.55;

/** The frame takes the drawing's own proportions and the drawing fills it; where that would be too small to read, it is
    shown at a readable size around the place where the case stands or where the model differs, to be dragged. */
function fit(viewer, container) {
  const canvas = viewer.get('canvas');
  const { inner } = canvas.viewbox();
  if (inner.width && inner.height) container.style.aspectRatio = `${inner.width + 40} / ${inner.height + 40}`;
  canvas.resized();
  if (canvas.zoom('fit-viewport', 'auto') >= readable) return;
  const registry = viewer.get('elementRegistry');
  const wanted = ['now', 'bad', 'add', 'mod'].map((name) => container.dataset[name] ?? '').join(' ').split(/\s+/);
  const here = wanted.map((id) => registry.get(id)).find((one) => one && !one.waypoints && one.type !== 'bpmn:Lane');
  const { outer } = canvas.viewbox();
  const width = outer.width / readable;
  const height = outer.height / readable;
  // never past the drawing's own edge: what is beside it is empty
  const within = (wanted, from, size, seen) => Math.max(from - 20, Math.min(wanted, from + size + 20 - seen));
  const x = here ? within(here.x + here.width / 2 - width / 2, inner.x, inner.width, width) : inner.x - 20;
  const y = here ? within(here.y + here.height / 2 - height / 2, inner.y, inner.height, height) : inner.y - 20;
  canvas.viewbox({ x, y, width, height });
}

async function draw(container) {
  const viewer = new NavigatedViewer({ container, moddleExtensions, ...renderers() });
  try {
    const answer = await fetch(container.dataset.bpmn, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(String(answer.status));
    const { warnings } = await viewer.importXML(await answer.text());
    if (warnings.length) container.dataset.warnings = String(warnings.length);
    fit(viewer, container);
    mark(viewer, container);
    tokens(viewer, container);
    container.dataset.drawn = '';
  } catch (error) {
    viewer.destroy();
    const words = document.createElement('p');
    words.className = 'gb-empty';
    words.textContent = '流程图没有取到。下面的文字说明和图上一样，也可以刷新再试。';
    container.replaceChildren(words);
    console.error(error);
  }
}

whenDrawn('.gb-canvas[data-bpmn]:not([data-editor])', draw);
