"""Verbs of the control plane, typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dcsim.cli.app import app
from dcsim.shell.completion import candidates

from .seat import refused, say, sit


def test_a_call_is_heard_of_later_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = sit()
    assert say(session, "left ping -c1 right")[-1].startswith("1 received")
    (group,) = say(session, "call RevokeSecurityGroupIngress security_group=friends ingress=icmp from friends")
    assert group.startswith("sg-")
    say(session, "call CreateNetworkAclEntry network_acl=main/default ingress=7 deny all from 10.0.0.0/8", "sleep 1 s")
    assert say(session, "left ping -c1 right") == ["0 of 1 received"]
    say(
        session,
        "call ModifyNetworkInterfaceAttribute instance=left security_groups=friends, default",
        "save story.yaml",
    )
    words = [line.strip().partition(": {at: ") for line in Path("story.yaml").read_text("utf-8").splitlines()[-3:]]
    assert [(name, rest.partition(", ")[2]) for name, _, rest in words] == [
        ("RevokeSecurityGroupIngress-friends", 'action: ec2:RevokeSecurityGroupIngress, security_group: friends, ingress: "icmp from friends"}'),
        ("CreateNetworkAclEntry-main-default", 'action: ec2:CreateNetworkAclEntry, network_acl: main/default, ingress: "7 deny all from 10.0.0.0/8"}'),
        ("ModifyNetworkInterfaceAttribute-left", "action: ec2:ModifyNetworkInterfaceAttribute, instance: left, security_groups: [friends, default]}"),
    ]  # fmt: skip
    checked = CliRunner().invoke(app, ["check", "story.yaml"])
    assert (checked.exit_code, checked.stderr) == (0, "")


def test_a_guest_tells_what_state_it_is_in() -> None:
    session = sit()
    say(session, "sleep 2 s", "call StopInstances instance=left")
    assert say(session, "left")[0] == "guest   left, stopping"
    say(session, "sleep 31 s")
    assert say(session, "left")[0] == "guest   left, stopped"
    say(session, "call StartInstances instance=left")
    assert say(session, "left")[0] == "guest   left, pending"
    assert say(session, "sleep 20 s", "left")[0] == "guest   left, running"
    assert say(session, "left ping -c1 right") == ["1 received, 1.09 ms"]


@pytest.mark.parametrize(
    "line, said",
    [
        ("call", "that is not how call goes; write call DeleteRoute route_table=private destination=0.0.0.0/0"),
        ("call DeleteRout", "InvalidAction: no verb 'DeleteRout'; there are"),
        ("call DeleteRoute main", "'main' is no property; write it like route_table=private"),
        ("call DeleteRoute route_table=main", "DeleteRoute lacks destination"),
        ("call DeleteRoute route_table=main route_table=main", "route_table is here twice"),
        ("call DeleteRoute route_table=main destination=10.0.0.0/16", "InvalidParameterValue: 10.0.0.0/16 is local in main"),
        ("call StopInstances instance=lft", "InvalidInstanceID.NotFound: no instance 'lft'; there are left, right. Did you mean left?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(line: str, said: str) -> None:
    assert refused(sit(), line).startswith(said)


def test_verbs_and_their_properties_are_completed() -> None:
    session = sit()
    assert candidates(session, "call Reb") == ["RebootInstances"]
    assert candidates(session, "call ReplaceRoute ") == ["route_table=", "destination=", "target="]
    assert candidates(session, "call ReplaceRoute route_table=main d") == ["destination="]
