"""What the operator wants to know: a fair draw, a harmless repetition, undisturbed neighbours."""

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
    return f"SHA-256 over {draw['seed'][:8]}… chooses {drawn} of {', '.join(sorted(weights))}"


def same_job_again(stage: Stage) -> str:
    recaps = []
    for arrival in (stage.first, stage.second):
        host = stage.host_of(arrival)
        recaps.append(run_again(stage.root(host), host, arrival.account.name))
    expect(all(recap["changed"] == 0 and recap["ok"] > 0 for recap in recaps), f"recap: {recaps}")
    return "ansible-playbook by hand: " + ", ".join(f"{name}={count}" for name, count in recaps[0].items())


def nobody_disturbed(stage: Stage) -> str:
    found = [
        f"{host}: {what}" for host, before in stage.daemons.items() for what in disturbances(stage.root(host), before)
    ]
    expect(not found, "; ".join(found))
    return f"nginx, MariaDB, Postfix, Dovecot, sshd, systemd on {len(stage.daemons)} servers"


PROOFS = (
    Proof("the draw, repeated by hand, gives the same host", draw_by_hand),
    Proof("the same job run again changes nothing", same_job_again),
    Proof("no shared daemon was reloaded or restarted by any of this", nobody_disturbed),
)
