/* What every page loads. Each file works alone and does nothing where its marks are absent, so that all pages work
   without JavaScript; the law lives on the server, nothing is decided or computed here. */
import 'htmx.org/dist/htmx.esm.min.js';
import './dialogs.js';
import './drafts.js';
import './focus.js';
import './keys.js';
import './reading.js';
import './refusals.js';
import './refreshing.js';
import './submitting.js';
import './tower.js';
import './uploads.js';
