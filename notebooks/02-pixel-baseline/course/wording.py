"""Values as people write them."""

import torch


def as_text(value):
    """A value in few characters: numbers with at most six digits, small tensors in full, larger ones by their shape."""
    if isinstance(value, bool | str) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, torch.Tensor):
        kind = f"{str(value.dtype).removeprefix('torch.')} {_row(value.shape, '()')}"
        return f"tensor {kind} {as_text(value.tolist())}" if value.numel() <= 12 else f"tensor {kind}"
    if isinstance(value, torch.Size | tuple):
        return _row(value, "()")
    if isinstance(value, list):
        return _row(value, "[]")
    return repr(value)


def _row(values, brackets):
    inside = ", ".join(map(as_text, values))
    return brackets[0] + inside + ("," if brackets == "()" and len(values) == 1 else "") + brackets[1]
