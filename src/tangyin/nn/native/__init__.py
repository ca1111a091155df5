"""The one native kernel: built at first use where a compiler is at hand, never needed."""

from tangyin.nn.native.kernel import Kernel as Kernel
from tangyin.nn.native.kernel import gates_dtype as gates_dtype
from tangyin.nn.native.kernel import kernel_for as kernel_for
from tangyin.nn.native.kernel import native_kernel as native_kernel
