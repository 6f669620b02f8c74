/* <form data-upload>: the file goes as soon as it is chosen or dropped, with its progress in words; the page is then
   loaded anew and shows the check result. Without JavaScript the form's own button sends it. */
const limitOf = (form) => Number(form.dataset.limit || 0);
const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);

function say(form, words, tone = 'progress') {
  const line = form.querySelector('[data-upload-state]');
  line.hidden = false;
  line.dataset.tone = tone;
  line.textContent = words;
}

function send(form) {
  const input = form.querySelector('input[type=file]');
  const file = input.files[0];
  if (!file) return;
  if (limitOf(form) && file.size > limitOf(form)) {
    say(form, `这个文件 ${megabytes(file.size)} MB，超过了 ${megabytes(limitOf(form))} MB。请压缩或拆分后再上传。`, 'failed');
    input.value = '';
    return;
  }
  const request = new XMLHttpRequest();
  request.open('POST', form.action);
  request.setRequestHeader('X-Requested-With', 'fetch');
  request.upload.onprogress = (event) => {
    const done = event.lengthComputable ? Math.round((event.loaded / event.total) * 100) : 0;
    say(form, done < 100 ? `正在上传 ${file.name}，${done}%` : `已送到，正在核对 ${file.name}`);
  };
  request.onload = () => {
    const answer = new DOMParser().parseFromString(request.responseText, 'text/html');
    const error = answer.querySelector('.gb-errors, [data-upload-error]');
    if (request.status < 400) location.assign(request.responseURL);
    else say(form, error?.textContent.trim().replace(/\s+/g, ' ') || '没有上传成功，请再试一次。', 'failed');
    input.value = '';
  };
  request.onerror = () => say(form, '网络断了，没有上传成功。连上后请再选一次文件。', 'failed');
  request.send(new FormData(form));
}

function prepare() {
  for (const form of document.querySelectorAll('form[data-upload]:not([data-ready])')) {
    form.dataset.ready = '';
    form.querySelector('input[type=file]').addEventListener('change', () => send(form));
    form.addEventListener('dragover', (event) => { event.preventDefault(); form.dataset.over = ''; });
    form.addEventListener('dragleave', () => delete form.dataset.over);
    form.addEventListener('drop', (event) => {
      event.preventDefault();
      delete form.dataset.over;
      form.querySelector('input[type=file]').files = event.dataTransfer.files;
      send(form);
    });
  }
}
prepare();
document.addEventListener('htmx:after:swap', prepare);

/* A file that goes with its form: its name is said beside the button, since the browser's own words are hidden. */
document.addEventListener('change', (event) => {
  const words = event.target.matches?.('input[type=file]') && event.target.closest('.gb-upload')?.querySelector('[data-chosen]');
  if (words) words.textContent = event.target.files[0]?.name ?? '还没有选文件';
});
