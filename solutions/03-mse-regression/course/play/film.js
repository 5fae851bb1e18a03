// Pictures of a training, one an epoch, under a slider.
function render({ model, el }) {
  const frames = model.get("frames");
  el.innerHTML = `<label>epoch <input type="range" min="1" max="${frames.length}" value="1" style="width:320px">
    <output style="font-weight:bold">1</output></label><br><img style="max-width:100%">`;
  const [slider, number, picture] = ["input", "output", "img"].map((name) => el.querySelector(name));
  const draw = () => {
    number.textContent = slider.value;
    picture.src = `data:image/png;base64,${frames[slider.value - 1]}`;
    picture.alt = `${model.get("alt")} after epoch ${slider.value}.`;
  };
  slider.addEventListener("input", draw);
  draw();
}

export default { render };
