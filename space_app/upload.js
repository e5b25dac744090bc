// What is too heavy is told in the page's own words before it is sent; Gradio would only name a limit of its own.
const tooHeavy = (event, files) => {
  const most = Number(document.querySelector(".limits").dataset.megabytes);
  const heavy = [...(files ?? [])].find((file) => file.size > 1e6 * most);
  if (!heavy) return false;
  event.preventDefault();
  event.stopImmediatePropagation();
  trigger("upload", { megabytes: heavy.size / 1e6 });
  return true;
};
const CHOOSES = "#video input[type=file]";
document.addEventListener("change", (event) => {
  if (event.target.matches(CHOOSES) && tooHeavy(event, event.target.files)) event.target.value = "";
}, true);
document.addEventListener("drop", (event) => {
  if (!event.target.closest("#video") || !tooHeavy(event, event.dataTransfer?.files)) return;
  event.target.dispatchEvent(new Event("dragleave", { bubbles: true })); // else it goes on to look as if one could drop
}, true);
