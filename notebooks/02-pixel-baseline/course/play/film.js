// Pictures of a training, one for each of some epochs, under a slider.
function render({ model, el }) {
  const [epochs, frames] = [model.get("epochs"), model.get("frames")];
  el.innerHTML = `<label>epoch <input type="range" min="0" max="${frames.length - 1}" value="0" style="width:320px">
    <output style="font-weight:bold"></output></label><br><img style="max-width:100%">`;
  const [slider, number, picture] = ["input", "output", "img"].map((name) => el.querySelector(name));
  const draw = () => {
    number.textContent = epochs[slider.value];
    picture.src = `data:image/png;base64,${frames[slider.value]}`;
    picture.alt = `${model.get("alt")} after epoch ${epochs[slider.value]}.`;
  };
  slider.addEventListener("input", draw);
  draw();
}

export default { render };
