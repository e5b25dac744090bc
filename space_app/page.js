// Runs once for each of our HTML parts; its content may be replaced, so everything is heard at the part itself.
// Numbers in the timeline: pressed by mouse, touch or keyboard, they tell the page which movement is meant.
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-movement]");
  if (button) trigger("select", { movement: Number(button.dataset.movement) });
});

// The flip book: a range to step through its frames, and a button that plays them.
const show = (book, frame) => {
  const times = book.dataset.times.split(",");
  book.querySelectorAll("[data-flip]").forEach((picture) => { picture.hidden = Number(picture.dataset.flip) !== frame; });
  const range = book.querySelector(".frame");
  range.value = frame;
  range.setAttribute("aria-valuetext", `frame ${frame + 1} of ${times.length}, ${times[frame]} seconds`);
  book.querySelector("output").textContent = `${frame + 1} of ${times.length}, ${times[frame]} s`;
};
const playing = (book, on) => {
  const button = book.querySelector(".play");
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Stop" : "Play";
};
element.addEventListener("input", (event) => {
  const book = event.target.closest(".flip");
  if (!book || !event.target.classList.contains("frame")) return;
  playing(book, false);
  show(book, Number(event.target.value));
});
element.addEventListener("click", (event) => {
  const button = event.target.closest(".play");
  if (!button) return;
  const book = button.closest(".flip");
  playing(book, button.getAttribute("aria-pressed") !== "true");
  const step = () => {
    if (!book.isConnected || button.getAttribute("aria-pressed") !== "true") return;
    const last = Number(book.dataset.last);
    const next = (Number(book.querySelector(".frame").value) + 1) % (last + 1);
    show(book, next);
    setTimeout(step, next === last ? 700 : 220);
  };
  setTimeout(step, 220);
});
