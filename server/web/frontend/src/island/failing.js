/* An editor that does not open says so in words where it would stand. */
export function say(editor, error) {
  const words = document.createElement('p');
  words.className = 'gb-empty';
  words.textContent = '文件没有打开，什么都没有改动。请刷新再试；也可以下载文件，在别的工具里改好再上传。';
  editor.querySelector('[data-canvas]').replaceChildren(words);
  const summary = editor.querySelector('[data-summary]') ?? document.querySelector('[data-summary]');
  if (summary) summary.textContent = '没有打开';
  console.error(error);
}
