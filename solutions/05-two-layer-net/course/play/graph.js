// A computation graph as a drawing whose numbers appear one step at a time: first values, then slopes.
const [WIDTH, HEIGHT, RADIUS] = [130, 100, 22];

function render({ model, el }) {
  const [nodes, edges, steps] = [model.get("nodes"), model.get("edges"), model.get("steps")];
  const place = (name) => [nodes[name][0] * WIDTH + 60, nodes[name][1] * HEIGHT + 50];
  const computed = new Set(steps.map(([what]) => what));
  const line = ([from, to]) => {
    const [[x1, y1], [x2, y2]] = [place(from), place(to)];
    const length = Math.hypot(x2 - x1, y2 - y1);
    const [dx, dy] = [((x2 - x1) / length) * RADIUS, ((y2 - y1) / length) * RADIUS];
    return `<line x1="${x1 + dx}" y1="${y1 + dy}" x2="${x2 - 1.3 * dx}" y2="${y2 - 1.3 * dy}" stroke="#767676" marker-end="url(#tip)"/>`;
  };
  const circle = (name) => {
    const [[x, y], [, , value, slope]] = [place(name), nodes[name]];
    return `<circle cx="${x}" cy="${y}" r="${RADIUS}" fill="white" stroke="black" data-node="${name}"/>
      <text x="${x}" y="${y + 5}" fill="black">${name}</text>
      <text x="${x}" y="${y - 28}" fill="#0072B2" data-step="${name}">${value}</text>
      <text x="${x}" y="${y + 40}" fill="#C24E00" data-step="d ${name}">${slope && "slope " + slope}</text>`;
  };
  el.innerHTML = `
    <button>Back</button> <button>Next step</button> <b aria-live="polite"></b>
    <svg viewBox="0 0 640 310" style="display:block;max-width:640px;background:white" text-anchor="middle" font-size="14"
      font-family="sans-serif"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
      orient="auto"><path d="M0 0L8 4L0 8z" fill="#767676"/></marker></defs>
      ${edges.map(line).join("")}${Object.keys(nodes).map(circle).join("")}</svg>`;
  const [[back, next], said] = [el.querySelectorAll("button"), el.querySelector("b")];
  let done = 0;

  function draw() {
    const seen = new Set(steps.slice(0, done).map(([what]) => what));
    el.querySelectorAll("[data-step]").forEach((text) => {
      text.style.visibility = seen.has(text.dataset.step) || !computed.has(text.dataset.step) ? "visible" : "hidden";
    });
    const now = done ? steps[done - 1][0].replace("d ", "") : "";
    el.querySelectorAll("[data-node]").forEach((node) => node.setAttribute("stroke-width", node.dataset.node === now ? 4 : 1));
    said.textContent = done ? `${done} of ${steps.length}: ${steps[done - 1][1]}` : "Numbers flow forward, then gradients back.";
    back.disabled = !done;
    next.disabled = done === steps.length;
  }
  back.addEventListener("click", () => draw(done--));
  next.addEventListener("click", () => draw(done++));
  draw();
}

export default { render };
