# ruff: noqa: E501 (one line for each way)
"""The rules of the course, in source text: what breaks them, however it is spelled, and what does not."""

import pytest

from autograder.checks import COURSE_RULES
from autograder.checks.rules import inspect

BROKEN = {
    # name: (rule, source)
    "plain": ("library softmax", "def f(z): return torch.softmax(z, -1)"),
    "method": ("library softmax", "def f(z): return z.softmax(-1)"),
    "method of the class": ("library softmax", "def f(z): return torch.Tensor.softmax(z, -1)"),
    "special": ("library softmax", "def f(z): return torch.special.log_softmax(z, -1).exp()"),
    "scipy": ("library softmax", "from scipy.special import logsumexp\ndef f(z): return logsumexp(z.numpy())"),
    "from import": ("library softmax", "from torch import softmax as s\ndef f(z): return s(z, -1)"),
    "import inside": ("library softmax", "def f(z):\n    from torch import logsumexp\n    return logsumexp(z, -1)"),
    "star": ("library softmax", "from torch import *\ndef f(z): return softmax(z, -1)"),
    "alias of a module": ("library softmax", "import torch as t\ndef f(z): return t.softmax(z, -1)"),
    "alias by assignment": ("library softmax", "t = torch\nsm = t.softmax\ndef f(z): return sm(z, -1)"),
    "alias of an alias, later cell": ("library softmax", "def f(z): return sm(z, -1)\n\nsm = t.softmax\nt = torch"),
    "alias inside": ("library softmax", "def f(z):\n    g = torch.softmax\n    return g(z, -1)"),
    "tuple alias": ("library softmax", "a, b = torch.softmax, torch.exp\ndef f(z): return a(z, -1)"),
    "the name itself": ("library softmax", "f = torch.softmax"),
    "the import itself": ("library softmax", "from torch import softmax as f"),
    "overwritten later": ("library softmax", "def f(z): return z.exp()\n\nif True:\n    f = torch.softmax"),
    "for": ("library softmax", "for f in [torch.softmax]: pass"),
    "with": ("library softmax", "with contextlib.nullcontext(torch.softmax) as f: pass"),
    "walrus": ("library softmax", "(f := torch.softmax)"),
    "match": ("library softmax", "match [torch.softmax]:\n    case [f]: pass"),
    "beside an await": ("library softmax", "def f(z): return torch.softmax(z, -1)\nawait f(1)"),
    "of another module": ("library softmax", "from torch.masked import softmax\ndef f(z): return softmax(z, -1)"),
    "of another library": ("library softmax", "from sklearn.utils import extmath\ndef f(z): return extmath.softmax(z)"),
    "lambda": ("library softmax", "f = lambda z: torch.softmax(z, -1)"),
    "default argument": ("library softmax", "def f(z, g=torch.softmax): return g(z, -1)"),
    "in a table": ("library softmax", "table = {'s': torch.softmax}\ndef f(z): return table['s'](z, -1)"),
    "helper": ("library softmax", "def helper(z): return z.softmax(-1)\n\ndef f(z): return helper(z)"),
    "helper of a helper": ("library softmax", "def a(z): return z.softmax(-1)\ndef b(z): return a(z)\ndef f(z): return b(z)"),
    "helper class": ("library softmax", "class H:\n    def go(self, z): return z.softmax(-1)\n\nh = H()\ndef f(z): return h.go(z)"),
    "getattr": ("library softmax", "def f(z): return getattr(torch, 'softmax')(z, -1)"),
    "getattr, joined": ("library softmax", "def f(z): return getattr(torch, 'soft' + 'max')(z, -1)"),
    "getattr, f-string": ("library softmax", "def f(z):\n    s = 'soft'\n    return getattr(torch, f'{s}max')(z, -1)"),
    "getattr, named": ("library softmax", "name = 'softmax'\ndef f(z): return getattr(z, name)(-1)"),
    "getattribute": ("library softmax", "def f(z): return z.__getattribute__('softmax')(-1)"),
    "methodcaller": ("library softmax", "from operator import methodcaller\ndef f(z): return methodcaller('softmax', -1)(z)"),
    "dict of the module": ("library softmax", "def f(z): return torch.__dict__['softmax'](z, -1)"),
    "vars": ("library softmax", "def f(z): return vars(torch)['softmax'](z, -1)"),
    "distributions": ("library softmax", "def f(z): return torch.distributions.Categorical(logits=z).probs"),
    "import_module": ("torch.nn.functional", "import importlib\ndef f(z): return importlib.import_module('torch.nn.functional').relu(z)"),
    "__import__": ("torch.nn.functional", "def f(z): return __import__('torch.nn.functional').nn.functional.relu(z)"),
    "functional": ("torch.nn.functional", "import torch.nn.functional as F\ndef f(z): return F.softmax(z, -1)"),
    "functional from nn": ("torch.nn.functional", "from torch.nn import functional as G\ndef f(z): return G.relu(z)"),
    "functional star": ("torch.nn.functional", "from torch.nn.functional import *\ndef f(z): return relu(z)"),
    "functional from fastai": ("torch.nn.functional", "from fastai.vision.all import *\ndef f(z): return F.relu(z)"),
    "one_hot": ("torch.nn.functional", "from torch.nn.functional import one_hot\ndef f(y): return one_hot(y, 10)"),
    "nn": ("torch.nn", "def f(z): return torch.nn.Linear(3, 4)(z)"),
    "nn, aliased": ("torch.nn", "from torch import nn as layers\ndef f(z): return layers.Softmax(-1)(z)"),
    "nn, base class": ("torch.nn", "class f(torch.nn.Module): pass"),
    "nn from fastai": ("torch.nn", "from fastai.vision.all import *\ndef f(z): return nn.Linear(3, 4)(z)"),
    "operators beneath": ("torch.nn", "def f(z): return torch.ops.aten._softmax(z, -1, False)"),
    "optim": ("torch.optim", "from torch.optim import SGD\ndef f(p): SGD(p, lr=1).step()"),
    "optim, module": ("torch.optim", "from torch import optim\ndef f(p): optim.SGD(p, lr=1).step()"),
    "Learner": ("Learner", "from fastai.vision.all import *\ndef f(d): return Learner(d).fit(1)"),
    "Learner, narrow": ("Learner", "from fastai.learner import Learner as L\ndef f(d): return L(d)"),
    "cross-entropy": ("library cross-entropy", "def f(z, y): return torch.nll_loss(z, y)"),
    "log_loss": ("library cross-entropy", "from sklearn.metrics import log_loss\ndef f(z, y): return log_loss(y, z)"),
    "cross-entropy of nn": ("torch.nn.functional", "import torch.nn.functional as F\ndef f(z, y): return F.cross_entropy(z, y)"),
    "backward": ("autograd", "def f(loss): loss.backward()"),
    "requires_grad_": ("autograd", "def f(w): w.requires_grad_()"),
    "requires_grad set": ("autograd", "def f(w):\n    w.requires_grad = True"),
    "requires_grad given": ("autograd", "def f(w): return torch.tensor(w, requires_grad=True)"),
    "requires_grad by setattr": ("autograd", "def f(w): setattr(w, 'requires_grad', True)"),
    "autograd": ("autograd", "def f(l, w): return torch.autograd.grad(l, w)"),
    "autograd imported": ("autograd", "from torch.autograd import grad\ndef f(l, w): return grad(l, w)"),
    "torch.func": ("autograd", "from torch.func import grad\ndef f(l, w): return grad(l)(w)"),
    "functional jacobian": ("autograd", "from torch.autograd.functional import jacobian as j\ndef f(l, w): return j(l, w)"),
    "enable_grad": ("autograd", "def f(w):\n    with torch.enable_grad(): return w * w"),
    "in a cell with magics": ("library softmax", "%matplotlib inline\n!ls\ndef f(z): return z.softmax(-1)"),
    "beside a broken cell": ("library softmax", "def broken(:\n    pass\n\ndef f(z):\n    return z.softmax(-1)"),
}  # fmt: skip

OBEYED = {
    "by hand": "def f(z):\n    e = (z - z.amax(-1, keepdim=True)).exp()\n    return e / e.sum(-1, keepdim=True)",
    "own functions of these names": "def softmax(z): return z.exp()\ndef cross_entropy(z, y): return softmax(z)\ndef f(z, y): return cross_entropy(z, y)",
    "own methods of these names": "class Loss:\n    def softmax(self, z): return z\n    def backward(self): return 1\ndef f(z): return Loss().softmax(z) + Loss().backward()",
    "own function backward": "def backward(dy): return dy\ndef f(dy): return backward(dy)",
    "library elsewhere": "import torch.nn.functional as F\nfrom torch import nn\n\nx = F.softmax(torch.ones(3), -1)\nmodel = nn.Linear(3, 4)\ndef f(z): return z.exp()",
    "a local variable with the name of a module": "import torch.nn as nn\n\ndef f(z):\n    nn = len(z)\n    return z / nn",
    "an argument with the name of a result": "import torch.nn.functional as F\n\nx = F.relu(torch.ones(3))\ndef f(x): return x + 1",
    "a loop variable with the name of a module": "import torch.nn.functional as F\n\ndef f(z): return sum(F for F in z)",
    "no_grad": "def f(w):\n    with torch.no_grad(): w -= 1",
    "detach": "def f(w): return w.detach() * 2",
    "requires no grad": "def f(w):\n    w = torch.tensor(w, requires_grad=False)\n    w.requires_grad_(False)\n    w.requires_grad = False\n    return w.requires_grad",
    "elementwise library": "def f(z): return torch.sigmoid(z) + torch.relu(z) + z.clamp(min=0) + torch.logaddexp(z, z)",
    "words in strings": "def f(z):\n    '''Not torch.softmax, no .backward().'''\n    print('torch.nn')\n    return z",
    "attributes of one's own": "class T: pass\n\ndef f(z):\n    t = T()\n    t.grad = z\n    return t.grad",
    "numpy": "import numpy as np\ndef f(z): return torch.from_numpy(np.exp(z.numpy()))",
    "in the check of another": "def f(z): return z\n\nassert torch.allclose(f(torch.ones(2)), torch.softmax(torch.ones(2), -1))",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found(name):
    rule, source = BROKEN[name]
    assert list(inspect(source, "f", COURSE_RULES).violations) == [rule]


@pytest.mark.parametrize("name", OBEYED)
def test_what_is_allowed_is_not_accused(name):
    assert not inspect(OBEYED[name], "f", COURSE_RULES).violations


def test_which_rules_hold_is_data():
    source = "def f(z): return z.softmax(-1)"
    assert not inspect(source, "f", COURSE_RULES - {"library softmax"}).violations


@pytest.mark.parametrize(
    "source",
    [
        "def f(z): return eval('torch.softmax')(z, -1)",
        "def f(z):\n    exec('import torch')\n    return z",
        "def f(z): return getattr(z, input())(-1)",
        "def f(z): return globals()['s'](z)",
        "exec('def f(z): return torch.softmax(z, -1)')",
        "def f(z): return z\nglobals()['f'] = torch.softmax",
        "def f(z): return z\nget_ipython().user_ns['f'] = torch.softmax",
        "def f(z): return z.exp()\ntorch.Tensor.exp = lambda z: torch.softmax(z, -1)",
        "def f(z): return z.exp()\nsetattr(torch, 'exp', torch.softmax)",
        "x = " + "-" * 7000 + "1",
        "x = " + " + ".join(["1"] * 1500),
    ],
)
def test_what_cannot_be_seen_is_flagged_and_not_judged(source):
    findings = inspect(source, "f", COURSE_RULES)
    assert findings.flags and not findings.violations


def test_no_flag_without_reason():
    own = "class A:\n    def g(self):\n        self.w = 1\na = A()\na.w = 2\n%matplotlib inline\n!ls\n"
    assert not inspect(own + "import re\ndef f(z):\n    re.compile('x')\n    return getattr(z, 'exp')()", "f", COURSE_RULES).flags


@pytest.mark.parametrize("source", ["", "def f(:", "%%bash\nls", "\x00", "(" * 500, "f", "def f(z): return f(z)"])
def test_any_source_is_borne(source):
    assert not inspect(source, "f", COURSE_RULES).violations
