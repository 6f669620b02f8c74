/* Chinese for the editor: the community's tables, then ours, which are right where they differ and fill their gaps. */
import community from 'bpmn-js-i18n/translations/zn.js';
import bpmn from 'bpmn-js-i18n-zh/lib/bpmn-js/index.js';
import panel from 'bpmn-js-i18n-zh/lib/properties-panel/index.js';
import zeebe from 'bpmn-js-i18n-zh/lib/zeebe-properties-panel/index.js';
import { translator } from '../island/translating.js';
import ours from './words.js';

export const translation = (editor) => ({ translate: ['value', translator(editor, community, panel, zeebe, bpmn, ours)] });
