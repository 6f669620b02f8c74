/* Tells the next page that this draft was sent: it forgets the draft when it shows no error (drafts.js). */
export function announceSent(key) {
  sessionStorage.setItem('gb-draft-sent', key.replace(/^gb-draft:/, ''));
}
