/* What viewer and modeler share: the tokens' colours for the renderer and the Zeebe dialect. */
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';

export const moddleExtensions = { zeebe };

/** Renderer settings. Colours may be variables (they follow the scheme live); the text renderer measures, so it needs
    the resolved font family, 12 px inside and outside (ui.md §8). */
export function renderers() {
  const fontFamily = getComputedStyle(document.documentElement).getPropertyValue('--gb-sans').trim();
  return {
    bpmnRenderer: {
      defaultFillColor: 'var(--gb-paper)',
      defaultStrokeColor: 'var(--gb-bpmn)',
      defaultLabelColor: 'var(--gb-ink)',
    },
    textRenderer: {
      defaultStyle: { fontFamily, fontSize: 12, lineHeight: 1.25 },
      externalStyle: { fontFamily, fontSize: 12, lineHeight: 1.25 },
    },
  };
}

/** Calls draw(container) once for each matching element, when it first has a size: a diagram behind a closed tab or
    fold would be fitted to nothing. */
export function whenDrawn(selector, draw) {
  const seen = new WeakSet();
  const watcher = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (contentRect.width < 10 || contentRect.height < 10 || seen.has(target)) continue;
      seen.add(target);
      watcher.unobserve(target);
      draw(target);
    }
  });
  const look = () => document.querySelectorAll(selector).forEach((element) => seen.has(element) || watcher.observe(element));
  look();
  document.addEventListener('htmx:after:swap', look);
}
