"""The models, for type checkers: setup.cfg maps the folder at the top into the package."""

from models import *
