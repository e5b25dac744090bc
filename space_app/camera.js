// The live camera. Pictures are taken at an even rate and sent in batches, the next one when the last is answered.
const [video, canvas] = [element.querySelector("video"), element.querySelector("canvas")];
const [start, stop, points] = ["start", "stop", "points"].map((name) => element.querySelector(`.camera-${name}`));
const [state, told] = ["state", "told"].map((name) => element.querySelector(`.camera-${name}`));
const WIDEST = 640; // px, as the server takes them
const PAUSE = 200; // ms between an answer and the next batch, at least
const MOST = 60; // pictures a batch
const SENDING = 2000; // ms that a batch may take, about, as the one before went; the machine forgets who is silent
const LEAST = 200_000; // characters of pictures that a batch may have in any case, and the first one has
const LATE = [1500, 3000]; // ms that a batch may lie behind; else fewer pictures are read, at the last rate none
const PATIENCE = 3; // such batches in a row, one twice as late counting twice: one alone is some other program's
const FEWER = (rate) => `This machine or its network is slow: it reads ${rate} pictures a second now.`;
const LATER = "This machine is too slow to read while it films. The film is kept and can be read when you stop.";
const KEPT = "Stopped. The film is under “A video” now: press “Find movements” there to read it closer.";
const REST = "Stopped. The rest of the film is being sent; press “Stop” again to go without it.";
const SILENT = "The page does not answer. Try again in a minute, or record a video in the other tab.";
const NO_CAMERA = "The camera cannot be used here. Upload a video, or record one with your own program.";
const paper = document.createElement("canvas");
let film = null; // from start until all is sent; `timer` is null once it films no more, `kept` is what is not sent yet

const say = (text) => { state.textContent = text; };
const sayProblem = (html) => { if (html) state.innerHTML = html; else say(SILENT); };

const takePicture = () => {
  if (video.readyState < 2) return;
  const time = performance.now();
  film.first ??= time;
  const enough = time - film.first >= 1000 * film.seconds;
  if (enough || !element.offsetParent) { stopFilming(); return; } // another tab was chosen: nobody is filmed unseen
  paper.getContext("2d").drawImage(video, 0, 0, paper.width, paper.height);
  film.kept.push({ time, picture: paper.toDataURL("image/jpeg", 0.9) });
};

const takePictures = () => {
  [film.since, film.behind] = [performance.now(), 0];
  clearInterval(film.timer);
  film.timer = setInterval(takePicture, 1000 / film.rates[0]);
};

const fallBack = () => {
  if (film.rates.length > 1) {
    film.rates.shift();
    takePictures();
    say(FEWER(film.rates[0]));
  } else {
    film.read = false;
    say(LATER);
  }
};

const drawPoints = (found) => {
  canvas.width = paper.width;
  canvas.height = paper.height;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#5adcff";
  for (const [x, y] of found) pen.fillRect(x * canvas.width - 1, y * canvas.height - 1, 2, 2);
};

const lengthOf = (batch) => batch.reduce((sum, { picture }) => sum + picture.length, 0);

const nextBatch = () => {
  let count = 1;
  while (count < Math.min(MOST, film.kept.length) && lengthOf(film.kept.slice(0, count + 1)) <= film.room) count += 1;
  return film.kept.splice(0, count);
};

const send = async (batch) => {
  const began = performance.now();
  try {
    return await server.watch({
      token: film.token, rate: film.rates[0], read: film.read && film.timer !== null, points: points.checked,
      times: batch.map((each) => each.time / 1000), pictures: batch.map((each) => each.picture),
    });
  } catch {
    return { problem: "" };
  } finally {
    film.room = Math.max(LEAST, lengthOf(batch) * SENDING / (performance.now() - began));
  }
};

const show = (batch, answer) => {
  const late = performance.now() - batch[0].time;
  const most = LATE[film.rates.length > 1 ? 0 : 1];
  film.behind = late > most && batch[0].time > film.since ? film.behind + late / most : 0;
  if (film.read && film.behind >= PATIENCE) fallBack();
  if (film.read) {
    told.innerHTML = answer.html;
    told.dataset.rate = film.rates[0];
    told.dataset.late = Math.round(late);
    told.dataset.newest = Math.round(performance.now() - batch[batch.length - 1].time);
  }
  told.dataset.batches = Number(told.dataset.batches) + 1;
  drawPoints(answer.points);
};

const sendFilm = async () => {
  let [sent, problem] = [0, undefined];
  while (film.timer !== null || film.kept.length) {
    const batch = nextBatch();
    if (batch.length) {
      const answer = await send(batch);
      problem = answer.problem;
      if (problem === undefined) sent += batch.length;
      if (problem !== undefined || answer.over) {
        film.kept = [];
        stopFilming();
      } else if (film.timer !== null) show(batch, answer);
    }
    if (film.timer !== null) await new Promise((done) => { setTimeout(done, PAUSE); });
  }
  if (problem !== undefined) sayProblem(problem); else say(sent > 1 ? KEPT : "Stopped.");
  const { token } = film;
  film = null;
  [start.disabled, stop.disabled] = [false, true];
  trigger("stop", { token });
};

const stopFilming = () => {
  clearInterval(film.timer);
  film.timer = null;
  film.stream.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  drawPoints([]);
  if (film.kept.length) say(REST);
};

start.addEventListener("click", async () => {
  if (film) return;
  start.disabled = true;
  let stream = null;
  try {
    const wanted = { width: { ideal: WIDEST }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    video.srcObject = stream;
    await video.play();
  } catch {
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    say(NO_CAMERA);
    start.disabled = false;
    return;
  }
  const begun = await server.begin().catch(() => ({ problem: "" }));
  if (begun.problem !== undefined) {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    sayProblem(begun.problem);
    start.disabled = false;
    return;
  }
  const share = Math.min(1, WIDEST / Math.max(video.videoWidth, video.videoHeight));
  [paper.width, paper.height] = [video.videoWidth, video.videoHeight].map((side) => 2 * Math.round(share * side / 2));
  film = { ...begun, stream, kept: [], read: true, room: LEAST };
  takePictures();
  stop.disabled = false;
  told.dataset.batches = 0;
  say(`It reads for ${begun.seconds} seconds at most. Hold still for a moment first.`);
  sendFilm();
});
stop.addEventListener("click", () => {
  if (film.timer === null) film.kept = []; else stopFilming();
});
