/* Marks the cells that the list of findings names, and shows rules that are missing as dashed rows below the table. */
export class Cells {
  constructor(modeler, editor) {
    this.modeler = modeler;
    this.editor = editor;
    this.list = null;
    this.sheet = new CSSStyleSheet(); // rules by the cell's id: the table draws its cells anew whenever it likes
    document.adoptedStyleSheets.push(this.sheet);
    this.gaps = document.createElement('div');
    this.gaps.className = 'gb-scroll';
    this.gaps.hidden = true;
    editor.querySelector('[data-canvas]').after(this.gaps);
  }

  draw(list) {
    this.list = list;
    this.show();
  }

  get table() {
    const view = this.modeler.getActiveView();
    return view?.type === 'decisionTable' ? view.element.decisionLogic : null;
  }

  show() {
    const { table } = this;
    if (!this.list || !table) {
      this.sheet.replaceSync('');
      this.gaps.hidden = true;
      return;
    }
    const decision = table.$parent.id;
    const rows = [...this.list.querySelectorAll('li')].filter((row) => !row.dataset.decision || row.dataset.decision === decision);
    this.sheet.replaceSync(rows.flatMap((row) => this.cells(table, row).map((id) => style(id, row.dataset.tone))).join('\n'));
    this.missing(table, rows.filter((row) => row.dataset.gap));
  }

  /** Ids of the cells a finding names: its rule's number, and of that rule the column. */
  cells(table, { dataset }) {
    const rule = dataset.rule && table.get('rule')[dataset.rule - 1];
    if (!rule) return dataset.element && dataset.element !== table.$parent.id ? [dataset.element] : [];
    const entries = [...rule.get('inputEntry'), ...rule.get('outputEntry')];
    return [rule.id, ...(dataset.column ? [entries[dataset.column - 1]?.id].filter(Boolean) : [])];
  }

  missing(table, rows) {
    this.gaps.hidden = !rows.length;
    if (!rows.length) return;
    const page = document.createElement('table');
    page.className = 'gb-dmn';
    page.createCaption().textContent = '没有规则的情形';
    const head = page.createTHead().insertRow();
    for (const input of table.get('input')) head.append(cell('th', input.label || input.inputExpression?.text || ''));
    head.append(cell('th', ''));
    const body = page.createTBody();
    for (const row of rows) {
      const texts = JSON.parse(row.dataset.gap);
      const line = body.insertRow();
      line.dataset.gap = '';
      line.dataset.tone = 'warn';
      line.append(...texts.map((text) => cell('td', text || '不论')));
      const act = document.createElement('button');
      act.type = 'button';
      act.className = 'btn gb-plain';
      act.textContent = '补一条';
      act.addEventListener('click', () => this.add(table, texts));
      const last = cell('td', '');
      last.append(act);
      line.append(last);
    }
    this.gaps.replaceChildren(page);
  }

  /** A rule with these conditions at the end of the table; its results are still to be written. */
  add(table, texts) {
    const viewer = this.modeler.getActiveViewer();
    viewer.get('editorActions').trigger('addRule');
    const rule = table.get('rule').at(-1);
    rule.get('inputEntry').forEach((entry, index) => {
      if (texts[index]) viewer.get('modeling').editCell(entry, texts[index]);
    });
  }
}

const style = (id, tone) => `.dmn-decision-table-container [data-element-id="${CSS.escape(id)}"], .dmn-decision-table-container [data-row-id="${CSS.escape(id)}"].rule-index { outline: 2px solid var(--gb-${tone === 'failed' ? 'failed' : 'action'}); outline-offset: -2px; background: var(--gb-${tone === 'failed' ? 'failed' : 'action'}-bg); }`;

function cell(kind, text) {
  const one = document.createElement(kind);
  if (kind === 'th') one.scope = 'col';
  one.textContent = text;
  return one;
}
