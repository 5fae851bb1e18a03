# ruff: noqa: E501 (one line for each way)
"""Ways around the rules, each of which must be found or flagged, and honest code, which must be neither."""

import sys
import tracemalloc

import pytest

from autograder.checks import COURSE_RULES, join
from autograder.checks.rules import inspect, parse

# Each defines f, which uses a library's softmax, torch.nn or autograd, or may do so.
HIDDEN = [
    "fs = [torch.softmax]\ndef f(z): return fs[0](z, -1)",
    "fs = []\nfs.append(torch.softmax)\ndef f(z): return fs[0](z, -1)",
    "fs = []\nfs += [torch.softmax]\ndef f(z): return fs[0](z, -1)",
    "fs = [0]\nfs[0] = torch.softmax\ndef f(z): return fs[0](z, -1)",
    "fs = [0]\nfs.insert(0, torch.softmax)\ndef f(z): return fs[0](z, -1)",
    "t = {}\nt['s'] = torch.softmax\ndef f(z): return t['s'](z, -1)",
    "t = {}\nt.update(s=torch.softmax)\ndef f(z): return t['s'](z, -1)",
    "t = {}\nt.setdefault('s', torch.softmax)\ndef f(z): return t.get('s')(z, -1)",
    "t = {}\nu = t\nu['s'] = torch.softmax\ndef f(z): return t['s'](z, -1)",
    "t = {}\nu = [t]\nu[0]['s'] = torch.softmax\ndef f(z): return t['s'](z, -1)",
    "t = {}\ndef put(g): t['s'] = g\nput(torch.softmax)\ndef f(z): return t['s'](z, -1)",
    "t = {}\ndef put(d, g): d['s'] = g\nput(t, torch.softmax)\ndef f(z): return t['s'](z, -1)",
    "t = {}\ndef same(d): return d\nsame(t)['s'] = torch.softmax\ndef f(z): return t['s'](z, -1)",
    "t = {}\ndef keep(g):\n    t['s'] = g\n    return g\n@keep\ndef s(z): return z.softmax(-1)\ndef f(z): return t['s'](z)",
    "import operator\nt = {}\noperator.setitem(t, 's', torch.softmax)\ndef f(z): return t['s'](z, -1)",
    "t = {'s': torch.softmax}\ndef f(z): return [*t.values()][0](z, -1)",
    "def f(z): return {'a': torch.softmax}['a'](z, -1)",
    "def f(z): return (torch.softmax,)[0](z, -1)",
    "def f(z): return [torch][0].softmax(z, -1)",
    "def f(z): return [torch][0].nn.Softmax(-1)(z)",
    "def f(z): return {'t': torch}['t'].special.expit(z)",
    "def pick(m): return m.nn\ndef f(z): return pick(torch).Softmax(-1)(z)",
    "def f(z, t=torch): return t.softmax(z, -1)",
    "def f(z, *, g=torch.softmax): return g(z, -1)",
    "sm = torch.softmax\ndef f(z, sm=sm): return sm(z, -1)",
    "f = lambda z, g=torch.softmax: g(z, -1)",
    "import sys\nsys.modules['__main__'].f = torch.softmax\ndef f(z): return z",
    "import sys\ndef f(z): return sys.modules['torch'].softmax(z, -1)",
    "from sys import modules\ndef f(z): return modules['torch'].softmax(z, -1)",
    "def setup():\n    global f\n    f = torch.softmax\nsetup()",
    "def f(z): return s(z, -1)\ndef setup():\n    global s\n    s = torch.softmax\nsetup()",
    "def f(z):\n    global g\n    from torch import softmax as g\n    return g(z, -1)",
    "def f(z): return getattr(torch, 'soft%s' % 'max')(z, -1)",
    "def f(z): return getattr(torch, 'soft{}'.format('max'))(z, -1)",
    "def f(z): return getattr(torch, ''.join(['soft', 'max']))(z, -1)",
    "def f(z): return getattr(torch, 'xamtfos'[::-1])(z, -1)",
    "def f(z): return getattr(torch, chr(115) + 'oftmax')(z, -1)",
    "def f(z): return getattr(torch, 'SOFTMAX'.lower())(z, -1)",
    "def f(z): return getattr(torch, b'softmax'.decode())(z, -1)",
    "def f(z): return getattr(torch, 'my softmax'[3:])(z, -1)",
    "def f(z): return getattr(torch, sorted(dir(torch))[900])(z, -1)",
    "def f(z): return getattr(*(torch, 'softmax'))(z, -1)",
    "g = getattr\ndef f(z): return g(torch, 'softmax')(z, -1)",
    "def f(z): return [getattr][0](torch, 'softmax')(z, -1)",
    "def f(z): return next(v for k, v in vars(torch).items() if len(k) == 7)(z, -1)",
    "def f(z): return torch.__dict__.get('softmax')(z, -1)",
    "def f(z): return torch.Tensor.__dict__['softmax'](z, -1)",
    "def f(z): return type(z).__dict__['softmax'](z, -1)",
    "def f(z): return type(z).softmax(z, -1)",
    "def f(z): return z.__class__.softmax(z, -1)",
    "def f(z): return z.__getattribute__('soft' + 'max')(-1)",
    "def f(z): return object.__getattribute__(z, 'softmax')(-1)",
    "from operator import attrgetter\ndef f(z): return attrgetter('nn.functional.softmax')(torch)(z, -1)",
    "from operator import attrgetter as a\nname = input()\ndef f(z): return a(name)(z)(-1)",
    "import operator\ndef f(z): return operator.methodcaller('softmax', -1)(z)",
    "import functools\ndef f(z): return functools.reduce(getattr, ['nn', 'functional', 'softmax'], torch)(z, -1)",
    "from functools import partial\nf = partial(torch.softmax, dim=-1)",
    "from functools import partial\ng = partial(partial, torch.softmax)\ndef f(z): return g(dim=-1)(z)",
    "def f(z): return list(map(torch.softmax, [z], [-1]))[0]",
    "def f(z): return torch._safe_softmax(z, -1)",
    "def f(z): return torch._softmax(z, -1, False)",
    "def f(z): return torch._C._VariableFunctions.softmax(z, -1)",
    "def f(z): return torch._C._nn.gelu(z)",
    "def f(z): return torch.ops.aten.softmax(z, -1)",
    "def f(z): return torch._refs.softmax(z, -1)",
    "def f(z): return torch._VF.softmax(z, -1)",
    "def f(z): return torch.masked.softmax(z, -1)",
    "def f(z): return torch.sparse.softmax(z, -1)",
    "def f(z): return torch.functional.F.softmax(z, -1)",
    "def f(z): return torch.functional.torch.softmax(z, -1)",
    "def f(z): return course.torch.softmax(z, -1)",
    "from course import torch as t\ndef f(z): return t.softmax(z, -1)",
    "def f(z): return course.np.logaddexp.reduce(z.numpy(), -1)",
    "def f(z): return np.logaddexp.reduce(z.numpy(), -1)",
    "from scipy.special import softmax\ndef f(z): return softmax(z.numpy(), -1)",
    "import scipy\ndef f(z): return scipy.special.logsumexp(z.numpy(), -1)",
    "import scipy.special as sp\ndef f(z): return sp.log_softmax(z.numpy(), -1)",
    "from sklearn.utils.extmath import softmax as s\ndef f(z): return s(z.numpy())",
    "from sklearn.linear_model import LogisticRegression\ndef f(x, y): return LogisticRegression().fit(x, y)",
    "import fastai.vision.all as fa\ndef f(d): return fa.Learner(d)",
    "from fastai.vision.all import *\ndef f(z): return F.softmax(z, -1)",
    "from torch import *\ndef f(z): return softmax(z, -1)",
    "from torch.nn.functional import *\ndef f(z): return softmax(z, -1)",
    "import importlib\ndef f(z): return importlib.import_module('tor' + 'ch').softmax(z, -1)",
    "from importlib import import_module as i\nn = input()\ndef f(z): return i(n).softmax(z, -1)",
    "def f(z): return __import__('torch').softmax(z, -1)",
    "def f(z): return __builtins__.__import__('torch').softmax(z, -1)",
    "import builtins\nbuiltins.f = torch.softmax",
    "def f(z): return eval('torch.softmax')(z, -1)",
    "def f(z):\n    exec('r = torch.softmax(z, -1)')\n    return z",
    "exec(compile('f = torch.softmax', '', 'exec'))",
    "globals().update(f=torch.softmax)",
    "vars()['f'] = torch.softmax\ndef f(z): return globals()['f'](z)",
    "locals()['f'] = torch.softmax",
    "match torch.softmax:\n    case g: pass\ndef f(z): return g(z, -1)",
    "match {'a': torch.softmax}:\n    case {'a': g, **rest}: pass\ndef f(z): return g(z, -1)",
    "if (g := torch.softmax): pass\ndef f(z): return g(z, -1)",
    "def f(z): return (lambda g: g(z, -1))(torch.softmax)",
    "def f(z): return [g(z, -1) for g in (torch.softmax,)][0]",
    "for g in (torch.exp, torch.softmax): pass\ndef f(z): return g(z, -1)",
    "with open('x') as h: g = torch.softmax\ndef f(z): return g(z, -1)",
    "try: 1 / 0\nexcept ZeroDivisionError: f = torch.softmax",
    "def make():\n    g = torch.softmax\n    def f(z): return g(z, -1)\n    return f\nf = make()",
    "def deco(g): return lambda z: torch.softmax(z, -1)\n@deco\ndef f(z): return z",
    "class A:\n    s = torch.softmax\ndef f(z): return A.s(z, -1)",
    "class A:\n    s = staticmethod(torch.softmax)\ndef f(z): return A().s(z, -1)",
    "class A: pass\nA.s = torch.softmax\ndef f(z): return A.s(z, -1)",
    "class A: pass\nsetattr(A, 's', torch.softmax)\ndef f(z): return A.s(z, -1)",
    "class A:\n    def __getattr__(self, n): return getattr(torch, n)\ndef f(z): return A().softmax(z, -1)",
    "class A:\n    def __call__(self, z): return z.softmax(-1)\nf = A()",
    "class A:\n    def __matmul__(self, z): return z.softmax(-1)\na = A()\ndef f(z): return a @ z",
    "class A(torch.Tensor): pass\ndef f(z): return z.as_subclass(A).softmax(-1)",
    "class A(torch.nn.Module): pass\ndef f(z): return A()",
    "class D:\n    def softmax(self): pass\ndef f(z): return z.softmax(-1)",
    "class D:\n    softmax = 1\ndef f(z): return z.softmax(-1)",
    "class D:\n    def softmax(self, d): pass\n    def __new__(cls, z): return z\ndef f(z): return D(z).softmax(-1)",
    "class D:\n    def softmax(self, d): pass\n    def go(self, z):\n        self = z\n        return self.softmax(-1)\ndef f(z): return D().go(z)",
    "class D(torch.Tensor):\n    def softmax(self, d): return super().softmax(d)\ndef f(z): return z.as_subclass(D).softmax(-1)",
    "class D:\n    def softmax(self, d): pass\nd = D()\nd = torch.ones(3)\ndef f(z): return d.softmax(-1)",
    "def softmax(z): pass\ndef f(z): return z.softmax(-1)",
    "torch.exp = torch.softmax\ndef f(z): return torch.exp(z, -1)",
    "setattr(torch.Tensor, 'exp', torch.Tensor.softmax)\ndef f(z): return z.exp(-1)",
    "math.exp = torch.softmax\ndef f(z): return math.exp(z, -1)",
    "def f(z): return z\nf.__code__ = (lambda z: torch.softmax(z, -1)).__code__",
    "from unittest import mock\nmock.patch('__main__.f', torch.softmax).start()\ndef f(z): return z",
    "import gc\ndef f(z): return gc.get_objects()",
    "import ctypes\ndef f(z): return z",
    "import inspect\ndef f(z): return inspect.currentframe().f_globals['torch'].softmax(z, -1)",
    "ip = get_ipython()\nip.user_ns['f'] = torch.softmax",
    "def f(z): return z\nget_ipython().input_transformers_cleanup.append(lambda lines: ['f = torch.softmax\\n'])",
    "torch.softmax\n\ndef f(z): return _(z, -1)",
    "torch.softmax\n\ndef f(z): return Out[1](z, -1)",
    "import helper\ndef f(z): return helper.go(z)",
    "from helper import *\ndef f(z): return go(z)",
    "%run other.py\ndef f(z): return z",
    "%time f = torch.softmax",
    "!echo {globals().update(f=torch.softmax)}\ndef f(z): return z",
    "%%time\nf = torch.softmax",
    "%%mine\nf = torch.softmax",
    "def f(z): return torch.jit.script(lambda z: z)(z)",
    "def f(z): return torch.compile(lambda z: z)(z)",
    "def f(z): return torch.vmap(lambda r: r)(z)",
    "def f(z): return torch.func.jacrev(lambda w: w.sum())(z)",
    "def f(z): return torch.func.grad(lambda w: w.sum())(z)",
    "def f(z): return torch.autograd.functional.vjp(lambda w: w, z)",
    "opts = {'requires_grad': True}\ndef f(w): return torch.tensor(w, **opts)",
    "def f(w):\n    setattr(w, 'requires_' + 'grad', True)\n    return w",
    "def f(w): return torch.gradient(w)",
    "def numeric_gradient(g, w): return w\ndef f(w): return numeric_gradient(lambda v: v.sum(), w)",
    "import threading\ndef f(z):\n    threading.Thread(target=print).start()\n    return z",
    "from concurrent.futures import ThreadPoolExecutor\ndef f(z):\n    with ThreadPoolExecutor() as p: return list(p.map(len, z))",
    "import multiprocessing as mp\ndef f(z): return mp.Pool(2).map(len, z)",
    "def f(z): return torch.utils._python_dispatch",
    "import pickle\ndef f(z): return pickle.loads(b'')(z)",
    "def f(z): return type('A', (), {'s': torch.softmax}).s(z, -1)",
    "def f(z): return np.ctypeslib",
    "import types\ndef f(z): return types.FunctionType(f.__code__, {})(z)",
    join(['x = """', "def f(z): return torch.softmax(z, -1)", '"""']),
    "x = 1\n%matplotlib inline\ns = '''\n% '''; f = torch.softmax; t = '''\n'''",
    "a = torch\nb = a\nc = b.nn\nd = c.functional\ndef f(z): return d.softmax(z, -1)",
    "g = torch.exp if input() else torch.softmax\ndef f(z): return g(z, -1)",
    "g = None or torch.softmax\ndef f(z): return g(z, -1)",
    "def f(z): return plt.np.logaddexp.reduce(z.numpy(), -1)",
]  # fmt: skip

HEAD = "import torch\nimport numpy as np\nimport matplotlib.pyplot as plt\n%matplotlib inline\n"
HONEST = [
    "def f(z):\n    e = torch.exp(z - z.max(dim=1, keepdim=True).values)\n    return e / e.sum(1, keepdim=True)",
    "def f(z):\n    top, _ = z.max(dim=1, keepdim=True)\n    return (z - top).exp()",
    "def softmax(z): return z.exp() / z.exp().sum(-1, keepdim=True)\ndef f(z): return softmax(z).log()",
    "helper = lambda z: z - z.amax(-1, keepdim=True)\ndef f(z): return helper(z).exp()",
    "def f(z): return torch.stack([row.exp() / row.exp().sum() for row in z])",
    "def f(z):\n    out = []\n    for row in z:\n        out.append(row / row.sum())\n    return torch.stack(out)",
    "def f(z):\n    out = {}\n    for i, row in enumerate(z): out[i] = row.sum().item()\n    return out",
    "class Model:\n    def __init__(self, w): self.w = w\n    def softmax(self, z): return z.exp()\n    def __call__(self, x): return self.softmax(x @ self.w)\ndef f(x, w): return Model(w)(x)",
    "class Tools:\n    @staticmethod\n    def softmax(z): return z.exp()\ndef f(z): return Tools.softmax(z)",
    "class Tools:\n    def softmax(self, z): return z.exp()\ntools = Tools()\ndef f(z): return tools.softmax(z)",
    "class Tools:\n    def softmax(self, z): return z.exp()\ndef f(z):\n    t = Tools()\n    return t.softmax(z)",
    "class Base:\n    def softmax(self, z): return z.exp()\nclass Child(Base):\n    def go(self, z): return self.softmax(z)\ndef f(z): return Child().go(z)",
    "class Layer:\n    def forward(self, x): return x\n    def backward(self, dy): return dy\nclass Net:\n    def __init__(self, layers): self.layers = layers\n    def backward(self, dy):\n        for layer in reversed(self.layers): dy = layer.backward(dy)\n        return dy\ndef f(dy): return Net([Layer(), Layer()]).backward(dy)",
    "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: float\n    y: float = 0.0\n    def norm(self): return (self.x**2 + self.y**2) ** 0.5\ndef f(a): return Point(a).norm()",
    "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass C:\n    rows: list = field(default_factory=list)\ndef f(a): return C([a]).rows[0]",
    "table = {'relu': lambda z: z.clamp(min=0), 'tanh': torch.tanh}\ndef f(z, name='relu'): return table[name](z)",
    "def relu(z): return z.clamp(min=0)\ndef tanh(z): return torch.tanh(z)\nacts = [relu, tanh]\ndef f(z): return acts[0](z)",
    "table = {}\ntable['exp'] = torch.exp\ntable.update(log=torch.log)\ndef f(z): return table['exp'](z)",
    "def apply(g, z): return g(z)\ndef f(z): return apply(torch.exp, z)",
    "def f(z): return getattr(z, 'exp')()",
    "def f(z): return getattr(torch, 'exp')(z)",
    "def f(z): return getattr(z, 'ndim', 0)",
    "def f(z): return hasattr(z, 'shape') and isinstance(z, torch.Tensor)",
    "def f(z: torch.Tensor, k: int = 3) -> torch.Tensor: return z * k",
    "from typing import Callable, Optional\ndef f(z: torch.Tensor, g: Optional[Callable] = None): return z if g is None else g(z)",
    "def f(z):\n    print(z.shape, z.dtype)\n    print(f'{z.mean():.3f}')\n    return z",
    "def f(z):\n    assert z.ndim == 2, 'softmax wants rows'\n    return z",
    "def f(z):\n    if z.ndim != 2: raise ValueError('use softmax, not log_softmax')\n    return z",
    "def f(z):\n    try: return z / z.sum()\n    except ZeroDivisionError: return z",
    "def f(z):\n    with torch.no_grad(): return z * 2",
    "def f(w):\n    w = w.detach().clone()\n    w.requires_grad_(False)\n    return w",
    "def f(z):\n    a, b = z.shape\n    return z.reshape(b, a)",
    "def f(z): return torch.einsum('nd->n', z)",
    "def f(z): return torch.linalg.norm(z, dim=1)",
    "def f(z): return torch.where(z > 0, z, torch.zeros_like(z))",
    "def f(n, generator): return torch.randperm(n, generator=generator)",
    "def f(y): return torch.eye(10)[y]",
    "def f(y): return (y[:, None] == torch.arange(10)).float()",
    "def f(y): return torch.zeros(len(y), 10).scatter_(1, y[:, None], 1)",
    "import itertools, functools\ndef f(z): return functools.reduce(lambda a, b: a + b, z)",
    "from functools import partial\nhalf = partial(torch.mul, other=0.5)\ndef f(z): return half(z)",
    "from collections import Counter, defaultdict\ndef f(y):\n    c = defaultdict(list)\n    for i, d in enumerate(y.tolist()): c[d].append(i)\n    return Counter(y.tolist()), c",
    "import random\ndef f(n):\n    rows = list(range(n))\n    random.shuffle(rows)\n    return rows",
    "import numpy as np\ndef f(z): return torch.from_numpy(np.exp(z.numpy()))",
    "import numpy as np\nrng = np.random.default_rng(0)\ndef f(n): return rng.permutation(n)",
    "from PIL import Image\nfrom pathlib import Path\ndef f(path):\n    return [np.array(Image.open(p)) for p in sorted(Path(path).glob('*.png'))]",
    "import os\ndef f(path): return sorted(os.path.join(path, n) for n in os.listdir(path))",
    "EPS = 1e-8\ndef f(z): return z / (z.norm() + EPS)",
    "device = torch.device('cpu')\ndef f(z): return z.to(device)",
    "cache = {}\ndef f(z):\n    key = tuple(z.shape)\n    if key not in cache: cache[key] = torch.ones(key)\n    return z + cache[key]",
    "count = 0\ndef f(z):\n    global count\n    count += 1\n    return z",
    "def f(z):\n    def inner(row): return row - row.max()\n    return torch.stack([inner(r) for r in z])",
    "def outer(k):\n    def inner(z): return k * z\n    return inner\ndouble = outer(2)\ndef f(z): return double(z)",
    "def timed(g):\n    def wrapper(*args, **kwargs):\n        start = time.time()\n        result = g(*args, **kwargs)\n        print(time.time() - start)\n        return result\n    return wrapper\n@timed\ndef f(z): return z * 2",
    "def f(x, w, b):\n    '''Uses no torch.nn and no .backward().'''\n    return x @ w + b",
    "def f(x, y, batch):\n    for i in range(0, len(x), batch):\n        yield x[i:i + batch], y[i:i + batch]",
    "def f(z):\n    match z.ndim:\n        case 1: return z\n        case _: return z.sum(1)",
    "def f(z): return (n := len(z)) * z + n",
    "def f(p, y):\n    picked = p[range(len(y)), y]\n    return -picked.log().mean()",
    "def cross_entropy(z, y): return -z[range(len(y)), y].mean()\ndef f(z, y):\n    loss = cross_entropy(z, y)\n    return loss",
    "def mse_loss(a, b): return ((a - b) ** 2).mean()\ndef f(a, b): return mse_loss(a, b)",
    "def f(params, grads, lr):\n    for p, g in zip(params, grads): p -= lr * g",
    "def f(losses, patience):\n    best, wait = float('inf'), 0\n    for i, l in enumerate(losses):\n        best, wait = (l, 0) if l < best else (best, wait + 1)\n        if wait == patience: return i\n    return len(losses)",
    "model = torch.nn.Linear(3, 4)\nloss = torch.nn.functional.cross_entropy(model(torch.ones(2, 3)), torch.tensor([0, 1]))\nloss.backward()\ndef f(z): return z * 2",
    "for name, g in {'mine': torch.exp, 'torch': torch.softmax}.items(): print(name, g)\ndef f(z): return z.exp()",
    "x = torch.linspace(0, 1, 50)\nplt.plot(x, x.sigmoid())\nplt.rcParams['figure.figsize'] = (6, 3)\nfig, axes = plt.subplots(1, 2)\nfor ax in axes: ax.set_title('softmax')\nplt.show()\ndef f(z): return z",
    "z = torch.randn(3, 4)\nz?\nz.exp?\n!ls\n%time z.exp()\nfiles = !ls\ndef f(z): return z",
    "import warnings\nwarnings.filterwarnings('ignore')\ntorch.manual_seed(0)\nnp.random.seed(0)\ntorch.set_printoptions(precision=3)\ndef f(z): return z",
    "class Net:\n    def __init__(self):\n        super().__init__()\n        self.w = torch.zeros(3)\n    def __repr__(self): return f'{type(self).__name__}()'\n    def __len__(self): return 3\ndef f(): return len(Net())",
    "from abc import ABC, abstractmethod\nclass L(ABC):\n    @abstractmethod\n    def forward(self, x): ...\nclass R(L):\n    def forward(self, x): return x.clamp(min=0)\ndef f(x): return R().forward(x)",
    "import sys\nprint(sys.version, torch.__version__)\ndef f(z): return z + sys.float_info.epsilon",
    "history = []\ndef f(z):\n    history.append(z.mean().item())\n    return z",
    "from tqdm.auto import tqdm\ndef f(z): return torch.stack([r for r in tqdm(z)])",
    "def f(z): return sorted(z.tolist(), key=lambda r: -r[0])",
    "def f(z): return list(map(float, z[0])), max(z.tolist()), sum(i for i in range(3))",
    "%%time\ndef f(z): return z",
    "x = 3 # %% of all\ndef f(z): return z % 3",
]  # fmt: skip


def findings(source):
    found = inspect(source, "f", COURSE_RULES)
    return found.violations, found.flags


@pytest.mark.parametrize("source", HIDDEN)
def test_a_way_around_the_rules_is_found_or_flagged(source):
    assert any(findings(source))


@pytest.mark.parametrize("source", HONEST)
def test_honest_code_is_neither_found_nor_flagged(source):
    assert findings(source) == ({}, ())
    assert findings(join([HEAD, source])) == ({}, ())


def test_there_are_enough_of_both():
    assert len(set(HIDDEN)) >= 100 and len(set(HONEST)) >= 60


# Sources of n lines, or n times as long.
COSTLY = {
    "constants doubled": lambda n: "s0 = 'a'\n" + "\n".join(f"s{i + 1} = s{i} + s{i}" for i in range(n)) + f"\ndef f(z): return getattr(z, s{n})",
    "names with many paths": lambda n: "a0 = torch\n" + "\n".join(f"a{i + 1} = a{i}.x if z else a{i}.y" for i in range(n)) + f"\ndef f(z): return a{n}",
    "one name, many values": lambda n: "\n".join(f"a = torch.x{i}" for i in range(n)) + "\ndef f(z): return a.y",
    "a name of itself": lambda n: "a = b.c\nb = a.d\n" * n + "def f(z): return a.x",
    "deep": lambda n: "def f(z): return " + "(" * 150 + "z" + ")" * 150 + "\nx = " + "[" * 190 + "]" * 190 + "\ny = " + "-" * 10 * n + "1",
    "magics": lambda n: "%time 1\n" * n,
    "blank lines": lambda n: "\n" * 10 * n + "def f(:",
    "broken blocks": lambda n: "x = (\n\n" * n,
    "functions in a row": lambda n: "\n".join(f"def g{i}(z): return g{i + 1}(z)" for i in range(n)) + "\ndef f(z): return g0(z)",
    "tables": lambda n: "t = {}\n" + "\n".join(f"t[{i}] = torch.exp" for i in range(n)) + "\ndef f(z): return t[0](z)",
    "tables of tables": lambda n: "\n".join(f"t{i} = [t{i - 1}, torch.exp]" for i in range(1, n)) + f"\ndef f(z): return t{n - 1}[1](z)",
    "methods": lambda n: "class A:\n" + "\n".join(f"    def m{i}(self): return self.softmax(1)" for i in range(n)) + "\n    def softmax(self, z): pass\ndef f(z): return A().m0()",
    "lambdas": lambda n: "def f(z): return " + "lambda: " * 90 + "z\n" + "\n".join("x = lambda a: lambda b: a.softmax(b)" for _ in range(n)),
    "globals": lambda n: "\n".join(f"def g{i}():\n    global s\n    s = torch.x{i}" for i in range(n)) + "\ndef f(z): return s(z)",
    "classes": lambda n: "\n".join(f"class C{i}(C{i - 1}): pass" for i in range(1, n)) + f"\ndef f(z): return C{n - 1}().softmax(z)",
    "stars": lambda n: "from torch import *\n" * n + "def f(z): return exp(z)",
}  # fmt: skip


def work(source):
    """(how many functions are called, how many bytes are needed at once) to look at a source."""
    parse.cache_clear()
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    tracemalloc.start()
    sys.setprofile(count)
    try:
        findings(source)
    finally:
        sys.setprofile(None)
        bytes_needed = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return calls, bytes_needed


@pytest.mark.parametrize("name", COSTLY)
def test_a_source_costs_no_more_than_its_size(name):
    """Twice the source, twice the work: what grows with the square takes four times as much, what doubles line by line never ends."""
    once, twice = (work(COSTLY[name](n)) for n in (120, 240))
    assert twice[0] < 3 * once[0] and twice[1] < 3 * once[1]
