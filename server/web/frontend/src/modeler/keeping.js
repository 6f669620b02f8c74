/* Nothing that was drawn is lost: every change is kept in this browser until it was saved, and taken up again when the same
   version is opened. Saving sends the model as a file of the form, so the page works like any other. */
import { announceSent } from './sent.js';

const PAUSE = 600;

export class Keeping {
  constructor(modeler, editor) {
    this.modeler = modeler;
    this.editor = editor;
    this.key = editor.dataset.draftKey;
  }

  /** The kept changes of this version, else the version itself. */
  async model() {
    const kept = localStorage.getItem(this.key);
    if (kept) {
      document.querySelector('[data-restored]').hidden = false;
      return kept;
    }
    const answer = await fetch(this.editor.dataset.source, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(`model: ${answer.status}`);
    return answer.text();
  }

  watch() {
    let timer;
    this.modeler.on('commandStack.changed', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.keep(), PAUSE);
    });
    document.querySelector('[data-act=forget]').addEventListener('click', () => {
      localStorage.removeItem(this.key);
      location.reload();
    });
    const form = document.querySelector('form[data-keep]');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send(form);
    });
  }

  async keep() {
    const { xml } = await this.modeler.saveXML({ format: true });
    try {
      localStorage.setItem(this.key, xml);
    } catch {
      return; // the browser's store is full or closed: the model is still open
    }
    const mark = document.querySelector('[data-kept]');
    const time = new Date().toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false });
    mark.querySelector('[data-kept-words]').textContent = `${time} 已存在本机`;
    mark.hidden = false;
  }

  async send(form) {
    const { xml } = await this.modeler.saveXML({ format: true });
    const carrier = new DataTransfer();
    carrier.items.add(new File([xml], this.editor.dataset.file, { type: 'application/xml' }));
    form.querySelector('[data-model]').files = carrier.files;
    announceSent(this.key);
    form.submit();
  }
}
