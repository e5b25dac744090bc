// A stand-in for a browser with a camera. Its time passes at once; the network is as slow as the plan says.
// node camera_stage.js CAMERA.js '{"network": 125000, "picture": 40000, "stops": [20000]}'; prints what happened.
const [source, plan] = [require("fs").readFileSync(process.argv[2], "utf-8"), JSON.parse(process.argv[3])];
const seen = { said: [], batches: [], taken: 0, ended: [] };
const due = [];
let now = 0;

const later = (call, ms) => due.push({ call, time: now + ms }) && due[due.length - 1];
const every = (call, ms) => {
  const timer = { on: true };
  const again = () => { if (timer.on) { later(again, ms); call(); } };
  later(again, ms);
  return timer;
};
const over = (ms, answer) => new Promise((done) => { later(() => done(answer), ms); });

const drawing = { drawImage() {}, fillRect() {} };
const picture = () => { seen.taken += 1; return "x".repeat(plan.picture); };
const part = () => ({ dataset: {}, heard: {}, addEventListener(name, call) { this.heard[name] = call; },
  getContext: () => drawing, toDataURL: picture });
const parts = {};
const element = { offsetParent: {}, querySelector: (name) => { parts[name] ??= part(); return parts[name]; } };
const video = element.querySelector("video");
Object.assign(video, { readyState: 4, videoWidth: 640, videoHeight: 480, play: async () => {} });
const state = element.querySelector(".camera-state");
for (const name of ["textContent", "innerHTML"]) Object.defineProperty(state, name, { set: (text) => seen.said.push(text) });

const server = {
  begin: async () => {
    if (plan.begin === "silent") throw new Error("no network");
    return plan.begin ?? { token: "t", rates: [20, 10], seconds: 60 };
  },
  watch: async (batch) => {
    const size = batch.pictures.join("").length;
    const took = 50 + 1000 * size / plan.network;
    await over(took);
    if (plan.silent <= seen.batches.length) throw new Error("no network");
    if (plan.problem?.at <= seen.batches.length) return { problem: plan.problem.html };
    seen.batches.push({ took, pictures: batch.pictures.length, read: batch.read });
    return { html: "", points: [], over: false };
  },
};
const stream = { getTracks: () => [{ stop() {} }] };
const outside = {
  element, server, document: { createElement: part }, performance: { now: () => now },
  navigator: { mediaDevices: { getUserMedia: async () => stream } },
  trigger: (name) => seen.ended.push({ name, batches: seen.batches.length }),
  setTimeout: later, setInterval: every, clearInterval: (timer) => { if (timer) timer.on = false; },
};
new Function(...Object.keys(outside), source)(...Object.values(outside));

(async () => {
  const press = (button) => { if (!button.disabled) button.heard.click(); };
  later(() => press(element.querySelector(".camera-start")), 0);
  for (const time of plan.stops ?? []) later(() => press(element.querySelector(".camera-stop")), time);
  while (due.length && now < 3_600_000) {
    due.sort((a, b) => a.time - b.time);
    const next = due.shift();
    now = next.time;
    next.call();
    await new Promise(setImmediate);
  }
  seen.films = Boolean(video.srcObject);
  seen.startable = !element.querySelector(".camera-start").disabled;
  console.log(JSON.stringify(seen));
})();
