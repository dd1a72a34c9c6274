"""Only what lies below a fleet's folder is unmounted, the deepest first."""

from pathlib import Path

from ankunft_lab.mounts import mounts_below

TABLE = """\
/dev/vda / ext4 rw 0 0
ankunft-lab /var/lib/ankunft-lab/lab-1234/servers/web1/root overlay rw 0 0
tmpfs /var/lib/ankunft-lab/lab-1234/servers/web1/root/tmp tmpfs rw 0 0
ankunft-lab /var/lib/ankunft-lab/lab-12345/servers/web1/root overlay rw 0 0
tmpfs /var/lib/ankunft-lab/lab-1234/with\\040space tmpfs rw 0 0
"""


def test_a_fleet_whose_name_begins_alike_is_left_alone() -> None:
    folder = Path("/var/lib/ankunft-lab/lab-1234")
    assert mounts_below(folder, TABLE) == [
        folder / "with space",
        folder / "servers/web1/root/tmp",
        folder / "servers/web1/root",
    ]
