"""Words that are mistaken for each other, left out or forgotten, in torch, NumPy and Python."""

import ast

# fmt: off
REDUCTIONS = {
    "sum", "mean", "amax", "amin", "max", "min", "argmax", "argmin", "std", "var", "prod", "any", "all", "median", "norm",
}
# fmt: on
# Functions that are mistaken for each other.
FAMILIES = [
    {"sum", "mean", "amax", "amin", "prod", "max", "min", "median", "norm"},
    {"argmax", "argmin"},
    {"maximum", "minimum"},
    {"exp", "exp2", "expm1"},
    {"log", "log2", "log10", "log1p"},
    {"round", "floor", "ceil", "trunc"},
    {"zeros", "ones"},
    {"zeros_like", "ones_like"},
    {"randn", "rand"},
    {"abs", "square", "sign"},
    {"float", "double"},
    {"relu", "sigmoid", "tanh"},
    {"long", "int"},
    {"std", "var"},
    {"ValueError", "TypeError", "AssertionError", "IndexError", "KeyError", "RuntimeError"},
]
# Calls that are left out on trial.
# fmt: off
DROPPED = {
    "abs", "bool", "clamp", "clip", "clone", "detach", "double", "exp", "flatten", "flip", "float", "floor", "int", "item",
    "list", "log", "log1p", "long", "mean", "nan_to_num", "numpy", "relu", "reshape", "round", "sigmoid", "sign", "softmax",
    "permute", "set", "sorted", "sqrt", "square", "squeeze", "str", "sum", "t", "tolist", "transpose", "trunc", "tuple",
    "unsqueeze", "view",
}
SHAPING = {"reshape", "view", "flatten", "unsqueeze", "squeeze", "transpose", "permute", "expand", "cat", "stack", "cumsum"}
SHAPING |= {"eye"}  # of so many classes
# fmt: on
OPERATORS = [(ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.Div, ast.FloorDiv), (ast.Mult, ast.Pow), (ast.Add, ast.Mult)]
COMPARISONS = [
    *[(ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Lt, ast.Gt), (ast.LtE, ast.GtE), (ast.Lt, ast.GtE), (ast.Gt, ast.LtE)],
    *[(ast.Eq, ast.NotEq), (ast.Is, ast.IsNot)],
]
NUMBERS = (0, 1, -1, 2, 0.5)
ENDINGS = {
    "a factor is missing": [" * 2", " / 2"],
    "the type is not yet right": [".item()", ".float()", ".long()"],
    "the shape is not yet right": [".T", ".squeeze()", "[:, None]"],
    "a function is missing": [".sqrt()", ".abs()", ".log()", ".exp()", " ** 2"],
}
# Methods of one tensor that are often called in the wrong order.
CHAINED = REDUCTIONS | DROPPED | {"log2", "log10", "neg", "pow", "reciprocal"}
RANDOM = {"randperm", "randn", "rand", "randint", "normal", "multinomial"}
NEW = {"zeros", "ones", "eye", "empty", "full", "tensor"}
