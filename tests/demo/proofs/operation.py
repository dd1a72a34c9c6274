"""What the operator wants to know: a fair draw, a harmless repetition, undisturbed neighbours."""

from concurrent.futures import ThreadPoolExecutor

from tests.demo.proof import Proof, expect
from tests.demo.stage import Stage
from tests.sysadmin.daemons import disturbances
from tests.sysadmin.draw import eligible, winner
from tests.sysadmin.replay import run_again


def draw_by_hand(stage: Stage) -> str:
    draw = stage.cart(stage.first)["draw"]
    weights = eligible(draw)
    drawn, used = winner(draw["seed"], weights), stage.host_of(stage.first)
    expect(drawn == used, f"by hand {drawn}, but the account is on {used}")
    return f"seed {draw['seed'][:6]}… chooses {drawn} of {len(weights)}"


def same_job_again(stage: Stage) -> str:
    host = stage.host_of(stage.first)
    recap = run_again(stage.root(host), host, stage.first.account.name)
    expect(recap["changed"] == 0 and recap["ok"] > 0 and recap["failed"] == 0, f"recap: {recap}")
    return f"ansible-playbook by hand: ok={recap['ok']} changed=0"


def nobody_disturbed(stage: Stage) -> str:
    with ThreadPoolExecutor() as sysadmins:
        looks = {
            host: sysadmins.submit(disturbances, stage.root(host), before) for host, before in stage.daemons.items()
        }
    found = [f"{host}: {what}" for host, look in looks.items() for what in look.result()]
    expect(not found, "; ".join(found))
    return f"all of them, and systemd, on {len(stage.daemons)} servers"


PROOFS = (
    Proof("the draw, repeated by hand, gives the same host", draw_by_hand),
    Proof("the same job run again changes nothing", same_job_again),
    Proof("no shared daemon was reloaded or restarted by any of this", nobody_disturbed),
)
