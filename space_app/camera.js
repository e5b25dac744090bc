// The live camera. Pictures are taken at an even rate and sent in batches, the next one when the last is answered.
const [video, canvas] = [element.querySelector("video"), element.querySelector("canvas")];
const [start, stop, points] = ["start", "stop", "points"].map((name) => element.querySelector(`.camera-${name}`));
const [state, told] = ["state", "told"].map((name) => element.querySelector(`.camera-${name}`));
const WIDEST = 640; // px, as the server takes them
const PAUSE = 200; // ms between an answer and the next batch, at least
const MOST = 60; // pictures a batch
const LATE = [1500, 3000]; // ms that a batch may lie behind; else fewer pictures are read, at the last rate none
const PATIENCE = 3; // such batches in a row, one twice as late counting twice: one alone is some other program's
const FEWER = (rate) => `This machine or its network is slow: it reads ${rate} pictures a second now.`;
const LATER = "This machine is too slow to read while it films. The film is kept and can be read when you stop.";
const NO_CAMERA = "The camera cannot be used here. Upload a video, or record one with your own program.";
const paper = document.createElement("canvas");
let film = null; // { token, stream, rates, since, timer, kept, behind, read } while it films; rates[0] since then

const say = (text) => { state.textContent = text; };

const takePicture = () => {
  if (!film || video.readyState < 2) return;
  if (!element.offsetParent) { finish(); return; } // another tab of the page was chosen: nobody is filmed unseen
  paper.getContext("2d").drawImage(video, 0, 0, paper.width, paper.height);
  film.kept.push({ time: performance.now(), picture: paper.toDataURL("image/jpeg", 0.9) });
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

const sendBatch = async () => {
  const own = film;
  if (!own) return;
  const batch = own.kept.splice(0, MOST);
  if (batch.length) {
    let answer;
    try {
      answer = await server.watch({
        token: own.token, rate: own.rates[0], read: own.read, points: points.checked,
        times: batch.map((each) => each.time / 1000), pictures: batch.map((each) => each.picture),
      });
    } catch { answer = { problem: "" }; }
    if (film !== own) return;
    if (answer.problem !== undefined) {
      finish();
      if (answer.problem) told.innerHTML = answer.problem; else say("The page does not answer any more.");
      return;
    }
    const late = performance.now() - batch[0].time;
    const most = LATE[own.rates.length > 1 ? 0 : 1];
    own.behind = late > most && batch[0].time > own.since ? own.behind + late / most : 0;
    if (own.read && own.behind >= PATIENCE) fallBack();
    if (own.read) {
      told.innerHTML = answer.html;
      told.dataset.rate = own.rates[0];
      told.dataset.late = Math.round(late);
      told.dataset.newest = Math.round(performance.now() - batch[batch.length - 1].time);
    }
    told.dataset.batches = Number(told.dataset.batches) + 1;
    drawPoints(answer.points);
    if (answer.over) { finish(); return; }
  }
  setTimeout(sendBatch, PAUSE);
};

const finish = async () => {
  const own = film;
  if (!own) return;
  film = null;
  clearInterval(own.timer);
  own.stream.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  drawPoints([]);
  [start.disabled, stop.disabled] = [false, true];
  if (own.read) say("Stopped. The film is under “A video” now: press “Find movements” there to read it closer.");
  trigger("stop", { token: own.token });
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
    say(NO_CAMERA);
    start.disabled = false;
    return;
  }
  const begun = await server.begin().catch(() => ({ problem: "" }));
  if (begun.problem !== undefined) {
    stream.getTracks().forEach((track) => track.stop());
    told.innerHTML = begun.problem;
    start.disabled = false;
    return;
  }
  const share = Math.min(1, WIDEST / Math.max(video.videoWidth, video.videoHeight));
  [paper.width, paper.height] = [video.videoWidth, video.videoHeight].map((side) => 2 * Math.round(share * side / 2));
  film = { token: begun.token, stream, rates: begun.rates, kept: [], read: true };
  takePictures();
  stop.disabled = false;
  told.dataset.batches = 0;
  say(`It reads for ${begun.seconds} seconds at most. Hold still for a moment first.`);
  sendBatch();
});
stop.addEventListener("click", finish);
