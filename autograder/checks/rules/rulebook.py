"""The rules of the course as data: what breaks them, by name in the source and by operation at run time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What must not be used.

    paths: dotted names, and what lies below them; `*.name` stands for a name in any library. members: attributes of tensors.
    operations: operations of torch (without their overload), "autograd", "complex". What runs is held against the paths too.
    """

    sentence: str
    paths: frozenset = frozenset()
    members: frozenset = frozenset()
    operations: frozenset = frozenset()


def words(text):
    """The words of a text."""
    return frozenset(text.split())


def _anywhere(names):
    return frozenset(f"*.{name}" for name in names)


def _folded(ufuncs):
    return frozenset(f"{ufunc}.{way}" for ufunc in ufuncs.split() for way in ("reduce", "accumulate", "reduceat"))


def _aten(names):
    return frozenset(f"aten.{name}" for name in names)


SOFTMAX = words(
    "softmax log_softmax logsumexp logcumsumexp softmin _softmax _log_softmax _safe_softmax "
    "_sparse_softmax _sparse_log_softmax gumbel_softmax Softmax LogSoftmax softmax2d Softmax2d"
)
LOSSES = words(
    "cross_entropy nll_loss cross_entropy_loss binary_cross_entropy binary_cross_entropy_with_logits log_loss "
    "nll_loss_nd nll_loss2d mse_loss l1_loss smooth_l1_loss huber_loss kl_div hinge_loss "
    "CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss CrossEntropyLossFlat BCEWithLogitsLossFlat"
)
LEARNERS = words(
    "Learner vision_learner cnn_learner tabular_learner unet_learner text_classifier_learner collab_learner "
    "MLPClassifier LogisticRegression SGDClassifier"
)
# `torch.no_grad` is allowed, and so is every elementwise or linear-algebra function.
RULES = {
    "autograd": Rule(
        "no autograd; derive the gradient by hand",
        words(
            "torch.autograd torch.func functorch torch.enable_grad torch.set_grad_enabled torch.vmap torch._functorch "
            "jax autograd"
        ),
        frozenset({"backward", "requires_grad", "requires_grad_", "retain_grad"}),
        frozenset({"autograd", "aten._fw_primal", "aten._make_dual"}),
    ),
    "torch.nn": Rule(
        "no torch.nn; write it with tensors",
        frozenset({"torch.nn", "torch.ao", "torch.ops", "torch._C", "torch._nn"}),
        operations=_aten(
            words(
                "convolution _convolution native_layer_norm native_batch_norm native_group_norm native_dropout lstm gru "
                "max_pool2d_with_indices avg_pool2d embedding_bag _native_multi_head_attention"
            )
        ),
    ),
    "torch.nn.functional": Rule(
        "no torch.nn.functional; write it with tensors",
        frozenset({"torch.nn.functional"}),
        operations=_aten(
            words(
                "mse_loss smooth_l1_loss huber_loss soft_margin_loss log_sigmoid_forward gelu silu elu leaky_relu softplus "
                "hardtanh hardsigmoid hardswish mish glu _scaled_dot_product_flash_attention_for_cpu embedding "
                "multi_margin_loss multilabel_margin_loss_forward"
            )
        ),
    ),
    "torch.optim": Rule("no torch.optim; write the step yourself", frozenset({"torch.optim", "fastai.optimizer"})),
    "Learner": Rule(
        "no Learner; write the training yourself",
        frozenset({"fastai.learner", "fastai.vision.learner", "fastai.tabular.learner", "sklearn.linear_model"})
        | frozenset({"sklearn.neural_network"})
        | _anywhere(LEARNERS),
    ),
    "library softmax": Rule(
        "no library softmax or logsumexp; write it with exp, log and sum",
        _anywhere(SOFTMAX) | {"torch.distributions"} | _folded("numpy.logaddexp numpy.logaddexp2"),
        SOFTMAX,
        _aten(words("_softmax _log_softmax _safe_softmax logsumexp logcumsumexp _masked_softmax _sparse_softmax")),
    ),
    "library cross-entropy": Rule(
        "no library cross-entropy; write it with log and mean",
        _anywhere(LOSSES),
        operations=_aten(words("nll_loss_forward nll_loss2d_forward binary_cross_entropy binary_cross_entropy_with_logits")),
    ),
    "numeric derivative": Rule(
        "no numeric derivative; derive the gradient by hand",
        words(
            "torch.gradient numpy.gradient numpy.lib._function_base_impl.gradient scipy.differentiate scipy.optimize scipy.misc "
            "numdifftools cmath torch.complex torch.view_as_complex torch.polar torch.complex64 torch.complex128 torch.cfloat "
            "torch.cdouble torch.imag torch.angle numpy.imag numpy.angle "
            "numpy.emath numpy.lib.scimath builtins.complex numpy.complex64 numpy.complex128 numpy.csingle numpy.cdouble"
        ),
        frozenset({"imag"}),
        operations=frozenset({"complex"}),
    ),
}
COURSE_RULES = frozenset(RULES)
NUMERIC = "numeric derivative"
DIFFERENCES = {"numeric_gradient", "numerical_gradient", "central_differences"}  # functions of a notebook that NUMERIC is about


def rule_of_path(path):
    """The rule with the longest path that `path` lies in, or None."""
    return lies_in(path)[0]


def lies_in(path):
    """(the rule with the longest path that `path` lies in, that path); (None, "") if there is none."""
    parts = path.split(".")
    prefixes = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    anywhere = len(parts) > 1 and parts[0] != "course"  # what the course gives is the student's own of earlier notebooks
    ways = [*prefixes, *([f"*.{parts[-1]}"] if anywhere else [])]
    found = ((rule, way.removeprefix("*.")) for way in ways for rule, content in RULES.items() if way in content.paths)
    return next(found, (None, ""))


def rule_of_member(name):
    """The rule that an attribute `name` of some value breaks, or None."""
    return next((rule for rule, content in RULES.items() if name in content.members), None)


def sentence(rule, text):
    """What a student reads who broke a rule with `text`."""
    return f"A rule of the course: {RULES[rule].sentence}. You use `{text}`."
