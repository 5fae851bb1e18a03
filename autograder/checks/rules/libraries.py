"""What an exercise may use of libraries: judged by where a path really leads, and nothing that is not known to be harmless."""

import sys
from functools import lru_cache
from importlib.util import find_spec
from types import ModuleType

import numpy  # noqa: F401 (so that its names can be followed)

from ..messages import torch  # noqa: F401
from .rulebook import words

# Libraries that hold no way around the rules, and modules of others that do not; below a module of these, only what is named.
WHOLE = words(
    "math cmath random itertools functools collections dataclasses typing time datetime copy string json csv re statistics abc "
    "enum contextlib numbers pathlib warnings textwrap tempfile glob shutil heapq bisect decimal fractions logging pprint io "
    "hashlib tqdm matplotlib mpl_toolkits PIL pandas seaborn course typing_extensions __future__ array base64 struct zipfile"
)
ALLOWED = words(
    "torch torch.linalg torch.special torch.fft torch.random torch.utils.data torch.testing torch.version torch.cuda torch.types "
    "numpy numpy.linalg numpy.random numpy.fft numpy.testing numpy.typing os os.path posixpath operator types sys "
    "IPython.display torchvision.io torchvision.transforms fastai.data.transforms fastai.data.external"
)
HARMLESS = frozenset({"math", "cmath", "time", "datetime", "string"})  # may be handed around whole
# Names of these libraries that lead elsewhere: to code that is made from text, to other threads, to what a name does not tell.
CLOSED = words(
    "torch.jit torch.compile torch.load torch.save torch.Storage torch.compiled_with_cxx11_abi torch.torch torch.sys torch.os "
    "torch.builtins torch.importlib torch.ctypes torch.inspect torch.threading torch.cond torch.while_loop torch.classes "
    "torch.Tensor.apply_ torch.Tensor.map_ torch.Tensor.register_hook types.FunctionType types.CodeType types.MethodType "
    "types.ModuleType types.new_class numpy.load numpy.ctypeslib numpy.f2py numpy.testing.runstring numpy.testing.measure "
    "numpy.testing.rundocs numpy.ufunc pandas.eval pandas.read_pickle pandas.core PIL.ImageMath operator.call collections.sys "
    "string.Formatter typing.get_type_hints typing.ForwardRef dataclasses.make_dataclass logging.config"
)
SYS = words("float_info maxsize stdout stderr version version_info getsizeof platform int_info byteorder getrecursionlimit")
OS = words(
    "path sep linesep listdir scandir walk getcwd chdir environ getenv makedirs mkdir remove unlink rmdir rename replace stat "
    "fspath access R_OK W_OK cpu_count getpid urandom PathLike"
)
DUNDERS = words("__name__ __doc__ __version__ __file__ __len__ __init__ __call__ __qualname__ __post_init__")
# Importing one of these does not change what other names mean; `lesson` is the release's own, beside the notebook. Others may be
# a student's files.
INSTALLED = words(
    "torch torchvision numpy scipy sklearn matplotlib mpl_toolkits PIL pandas seaborn fastai fastcore tqdm course IPython "
    "safetensors rich requests plotly cv2 skimage imageio torchmetrics nbgrader ipywidgets psutil xgboost lesson"
)
# Parts of the standard library that can change what a name means wherever it is used.
POWERS = words(
    "builtins importlib gc ctypes unittest code codeop runpy imp pickle marshal shelve dill cloudpickle pkgutil zipimport "
    "IPython.core IPython.get_ipython ipykernel sys.modules sys.settrace sys.setprofile sys._getframe sys.meta_path "
    "sys.path_hooks sys._current_frames sys.addaudithook inspect.currentframe inspect.stack inspect.getmembers "
    "types.FunctionType torch.library torch.overrides torch.utils._python_dispatch torch.hub torch.load "
    "cProfile profile pdb bdb trace doctest pydoc codeop modulefinder lib2to3 idlelib numpy.testing.runstring "
    "numpy.testing.rundocs numpy.f2py IPython.embed IPython.terminal IPython.testing IPython.utils sys.path threading.settrace "
    "threading.setprofile logging.config logging.currentframe traceback.walk_stack typing.get_type_hints "
    "fastcore.basics.patch fastcore.basics.patch_to fastcore.basics.patch_property fastcore.foundation.patch fastcore.all.patch"
)
RUN_TEXTS = words("timeit.timeit timeit.repeat timeit.Timer")  # and functions, which is what they are honestly given
# What `from fastai.vision.all import *` brings that the rules are about.
FROM_FASTAI = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "optim": "torch.optim", "np": "numpy"}
FROM_FASTAI |= {"tensor": "torch.tensor", "Tensor": "torch.Tensor", "Path": "pathlib.Path", "plt": "matplotlib.pyplot"}
# Modules by the names that other modules have for them, where these are not loaded here.
FROM_ANYWHERE = {
    name: name for name in ("torch", "numpy", "scipy", "sys", "os", "builtins", "importlib", "functools", "operator")
}
FROM_ANYWHERE |= {"np": "numpy", "Image": "PIL.Image"}
MAX_PARTS = 12  # of a path; an honest one has five


@lru_cache(maxsize=4096)
def canonical(path):
    """The path under which a module knows itself: `torch.functional.F` is `torch.nn.functional`. Imports nothing."""
    parts = path.split(".")
    here, value = parts[0], sys.modules.get(parts[0])
    for part in parts[1:]:
        inner = vars(value).get(part, sys.modules.get(f"{here}.{part}")) if isinstance(value, ModuleType) else None
        if isinstance(inner, ModuleType):
            here, value = inner.__name__, inner
        elif inner is None and part in FROM_ANYWHERE:
            here, value = FROM_ANYWHERE[part], sys.modules.get(FROM_ANYWHERE[part])
        else:
            here, value = f"{here}.{part}", inner
    return here


@lru_cache(maxsize=4096)
def is_module(path):
    """Whether a canonical path is that of a module."""
    value = sys.modules.get(path)
    return isinstance(value, ModuleType) or path in ALLOWED or "." not in path


@lru_cache(maxsize=4096)
def allowed(path):
    """Whether what a canonical path leads to is known to be harmless."""
    parts = path.split(".")
    if len(parts) > MAX_PARTS or _within(path, CLOSED) or any(p.startswith("_") and p not in DUNDERS for p in parts[1:]):
        return False
    if parts[0] in ("sys", "os"):
        return len(parts) == 1 or parts[1] in (SYS if parts[0] == "sys" else OS)
    if parts[0] in WHOLE:
        return True
    module = path
    while not is_module(module):
        module = module.rpartition(".")[0]
    return module in ALLOWED


@lru_cache(maxsize=4096)
def powerful(path):
    """Whether a canonical path leads to something that can change what other names mean."""
    return _within(path, POWERS)


def known(module):
    """Whether importing a module runs only what is installed."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or (top in INSTALLED and _there(top))


@lru_cache(maxsize=256)
def _there(top):
    """Whether a library is installed here: else a student's file may have its name. The release's own always are."""
    return top in ("course", "lesson") or find_spec(top) is not None


@lru_cache(maxsize=4096)
def from_star(module, name):
    """The path that `from module import *` gives a name, or None."""
    if module.startswith("fastai"):
        return FROM_FASTAI.get(name, f"fastai.{name}")
    value = sys.modules.get(module)
    if not isinstance(value, ModuleType):
        return f"{module}.{name}"
    offered = getattr(value, "__all__", None) or [n for n in vars(value) if not n.startswith("_")]
    return f"{module}.{name}" if name in offered else None


def _within(path, names):
    return any(path == name or path.startswith(name + ".") for name in names)
