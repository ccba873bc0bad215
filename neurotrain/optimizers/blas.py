"""Linear algebra whose bits do not depend on the number of threads."""

# SciPy's BLAS is another one than NumPy's, and must be loaded before it can be found.
import scipy.linalg  # noqa: F401
from threadpoolctl import ThreadpoolController

# BLAS rounds differently on another number of threads, and matrices as small as these
# are slower on many.
on_one_thread = ThreadpoolController().wrap(limits=1, user_api="blas")
