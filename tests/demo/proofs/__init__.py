"""What the demo proves and the journey tests run: the account is what was sold, and harms nobody."""

from tests.demo.proof import Proof
from tests.demo.proofs import mail, neighbours, operation, web

PROOFS: tuple[Proof, ...] = (*web.PROOFS, *mail.PROOFS, *neighbours.PROOFS, *operation.PROOFS)
"""In the order of the telling; the last ones look back on what the others did."""
