// A valley seen from above, darker where the loss is higher, and the path of some steps at the rate under the slider.
const SIZE = 320;

function render({ model, el }) {
  const [C, p, constant] = [model.get("curvature"), model.get("pull"), model.get("constant")];
  const [start, steps, reach] = [model.get("start"), model.get("steps"), model.get("reach")];
  const slope = ([a, b]) => [C[0][0] * a + C[0][1] * b - p[0], C[1][0] * a + C[1][1] * b - p[1]];
  const loss = ([a, b]) => (a * (C[0][0] * a + C[0][1] * b) + b * (C[1][0] * a + C[1][1] * b)) / 2 - p[0] * a - p[1] * b + constant;
  const turn = C[0][0] * C[1][1] - C[0][1] * C[1][0]; // the slope is 0 at the lowest place
  const lowest = loss([(C[1][1] * p[0] - C[0][1] * p[1]) / turn, (C[0][0] * p[1] - C[1][0] * p[0]) / turn]);

  el.innerHTML = `
    <label style="display:block">rate <input type="range" min="-3" max="0" step="0.02" style="width:${SIZE}px">
    <output style="font-weight:bold"></output></label>
    <canvas width="${SIZE}" height="${SIZE}" role="img" style="border:1px solid #767676"></canvas>
    <p aria-live="polite" style="max-width:${SIZE + 80}px"></p>`;
  const [slider, number, canvas, said] = ["input", "output", "canvas", "p"].map((name) => el.querySelector(name));
  const brush = canvas.getContext("2d");
  const place = ([a, b]) => [((a + reach) / (2 * reach)) * SIZE, ((reach - b) / (2 * reach)) * SIZE];

  const ground = brush.createImageData(SIZE, SIZE);
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [column, row] = [i % SIZE, Math.floor(i / SIZE)];
    const height = loss([(column / SIZE) * 2 * reach - reach, reach - (row / SIZE) * 2 * reach]);
    const grey = 255 - 18 * Math.min(9, Math.floor(2.5 * Math.log2(1 + height)));
    ground.data.set([grey, grey, grey, 255], 4 * i);
  }

  function draw() {
    const rate = 10 ** Number(slider.value);
    const path = [start];
    for (let i = 0; i < steps; i++) {
      const [w, g] = [path[i], slope(path[i])];
      path.push([w[0] - rate * g[0], w[1] - rate * g[1]]);
    }
    brush.putImageData(ground, 0, 0);
    brush.strokeStyle = brush.fillStyle = "#0072B2";
    brush.beginPath();
    path.forEach((w) => brush.lineTo(...place(w)));
    brush.stroke();
    for (const w of path) {
      brush.beginPath();
      brush.arc(...place(w), 3, 0, 7);
      brush.fill();
    }
    const [first, last] = [loss(start), loss(path[steps])];
    const near = last - lowest < 0.01 * (first - lowest);
    const verdict = last > first ? "It climbs: the steps jump over the valley." : near ? "Arrived." : "Still on its way.";
    number.textContent = rate.toPrecision(2);
    said.textContent = `After ${steps} steps the loss is ${last.toPrecision(3)}; it began at ${first.toPrecision(3)}. ${verdict}`;
    canvas.setAttribute("aria-label", said.textContent);
  }
  slider.value = Math.log10(model.get("rate"));
  slider.addEventListener("input", draw);
  draw();
}

export default { render };
