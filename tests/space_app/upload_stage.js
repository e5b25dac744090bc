// A stand-in for a page on which a file is chosen or dropped; prints what was told, and whether Gradio would hear of it.
const [source, plan] = [require("fs").readFileSync(process.argv[2], "utf-8"), JSON.parse(process.argv[3])];
const [heard, seen] = [{}, { told: [], stopped: false, value: "film.mp4", left: false }];
const document = {
  addEventListener: (name, call) => { heard[name] = call; },
  querySelector: () => ({ dataset: { megabytes: "50" } }),
};
const files = plan.megabytes.map((size) => ({ size: 1e6 * size }));
const target = {
  files, matches: () => plan.inside, closest: () => plan.inside, dispatchEvent: () => { seen.left = true; },
  set value(text) { seen.value = text; },
};
const trigger = (name, data) => seen.told.push({ name, ...data });
new Function("document", "trigger", "element", source)(document, trigger, {});
const stop = () => { seen.stopped = true; };
heard[plan.event]({ target, dataTransfer: { files }, preventDefault() {}, stopImmediatePropagation: stop });
console.log(JSON.stringify(seen));
