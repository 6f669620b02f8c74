/* Small comforts of reading: codes are copied without their spaces, a folded aside opens where there is room,
   a toast leaves after its time. */
document.addEventListener('copy', (event) => {
  const selection = document.getSelection();
  const code = selection?.anchorNode?.parentElement?.closest('.gb-code');
  if (!code || !code.contains(selection.focusNode)) return;
  event.clipboardData.setData('text/plain', selection.toString().replace(/\s+/g, ''));
  event.preventDefault();
});

const roomy = matchMedia('(min-width: 48rem)');
const openFolds = () => document.querySelectorAll('details[data-open-wide]').forEach((fold) => { fold.open = roomy.matches; });
roomy.addEventListener('change', openFolds);
openFolds();

document.querySelectorAll('.gb-toast[data-leaves]').forEach((toast) => setTimeout(() => toast.remove(), 10_000));
