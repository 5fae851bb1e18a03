// A pad to draw a digit on. What is drawn goes to Python as bytes; what the models answer comes back and is shown as bars.
const SIZE = 280;

function render({ model, el }) {
  const side = model.get("side");
  el.innerHTML = `
    <div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">
      <div><canvas class="pad" width="${SIZE}" height="${SIZE}" aria-label="Draw a digit here"
        style="background:black;cursor:crosshair;touch-action:none"></canvas><br><button>Wipe</button></div>
      <figure style="margin:0"><canvas class="seen" width="28" height="28" role="img" aria-label="what the models see"
        style="width:112px;height:112px;background:black;image-rendering:pixelated"></canvas>
        <figcaption>what the models see</figcaption></figure>
      <div class="answers" aria-live="polite">Draw a digit.</div>
    </div>`;
  const [pad, seen, answers, wipe] = [".pad", ".seen", ".answers", "button"].map((name) => el.querySelector(name));
  const brush = pad.getContext("2d", { willReadFrequently: true });
  const small = Object.assign(document.createElement("canvas"), { width: side, height: side }).getContext("2d");
  Object.assign(brush, { lineWidth: 22, lineCap: "round", lineJoin: "round", strokeStyle: "white" });
  let drawing = false;

  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) * SIZE) / box.width, ((event.clientY - box.top) * SIZE) / box.height];
  };
  pad.addEventListener("pointerdown", (event) => {
    drawing = true;
    pad.setPointerCapture(event.pointerId);
    brush.beginPath();
    brush.moveTo(...at(event));
    brush.lineTo(...at(event));
    brush.stroke();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    brush.lineTo(...at(event));
    brush.stroke();
  });
  pad.addEventListener("pointerup", () => {
    drawing = false;
    small.clearRect(0, 0, side, side);
    small.drawImage(pad, 0, 0, side, side);
    const pixels = small.getImageData(0, 0, side, side).data;
    model.set("drawing", Array.from({ length: side * side }, (_, i) => pixels[4 * i + 3]));
    model.save_changes();
  });
  wipe.addEventListener("click", () => {
    brush.clearRect(0, 0, SIZE, SIZE);
    seen.getContext("2d").clearRect(0, 0, 28, 28);
    answers.textContent = "Draw a digit.";
  });

  model.on("change:seen", () => {
    const image = new ImageData(28, 28);
    model.get("seen").forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    seen.getContext("2d").putImageData(image, 0, 0);
  });
  model.on("change:answers", () => {
    answers.replaceChildren(...model.get("answers").map(({ name, scores }) => {
      const best = scores.indexOf(Math.max(...scores));
      const block = document.createElement("div");
      block.innerHTML = `<b></b><div style="display:flex;align-items:flex-end;height:64px;gap:2px">${scores
        .map((score, digit) => `<div style="width:16px;text-align:center;font-size:12px"><div style="height:${44 * score}px;
          background:${digit === best ? "#0072B2" : "#767676"}"></div>${digit}</div>`).join("")}</div>`;
      block.querySelector("b").textContent = `${name} reads ${best}`;
      return block;
    }));
  });
}

export default { render };
