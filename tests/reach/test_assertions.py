"""Sentences about who reaches whom: which pairs they mean, whether they hold, and what is said of bad ones."""

from pathlib import Path

import pytest

from dcsim.problem import Refused
from dcsim.reach.assertion import Assertion, load_assertions
from dcsim.reach.judge import deciders, judge
from dcsim.reach.matrix import Reach
from dcsim.traffic_spec import TrafficSpec

from .region import three_tier


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    monkeypatch.chdir(tmp_path)
    return three_tier(tmp_path)


def asserted(region: Reach, text: str) -> tuple[Assertion, ...]:
    Path("r.yaml").write_text(text, "utf-8")
    return load_assertions(Path("r.yaml"), region)


def one(region: Reach, sentence: str) -> Assertion:
    """Between quotes, as a star at the start asks for."""
    (assertion,) = asserted(region, f'- "{sentence}"\n' if sentence.startswith("*") else f"- {sentence}\n")
    return assertion


def holds(region: Reach, sentence: str) -> bool:
    return judge(one(region, sentence), region).holds


def test_a_sentence_is_pairs_traffic_and_a_yes_or_no(shop: Reach) -> None:
    assertion = one(shop, "all app-* never  reach db on udp 53")
    assert assertion.text == "all app-* never reach db on udp 53"
    assert assertion.never
    assert assertion.traffic == TrafficSpec(17, 53)
    apps, dbs = ("app-a-1", "app-a-2", "app-b-1", "app-b-2"), ("db-a", "db-b")
    assert assertion.pairs == tuple((app, db) for app in apps for db in dbs)
    assert (assertion.mark.line, assertion.mark.column) == (1, 3)


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("bastion", {"bastion"}),
        ("app", {"app-a-1", "app-a-2", "app-b-1", "app-b-2"}),
        ("app-b", {"app-b-1", "app-b-2"}),
        ("app-b-2", {"app-b-2"}),
        ("*-2", {"app-a-2", "app-b-2"}),
        ("shop/bastion", {"bastion"}),
        ("all", {"app-a-1", "app-a-2", "app-b-1", "app-b-2", "db-b", "bastion"}),
        ("shop/app-b", {"app-b-1", "app-b-2"}),
        ("app-?-1", {"app-a-1", "app-b-1"}),
    ],
)
def test_what_names_mean(shop: Reach, name: str, sources: set[str]) -> None:
    assert {source for source, _ in one(shop, f"{name} reaches db-a").pairs} == sources


def test_nobody_is_asked_about_itself(shop: Reach) -> None:
    assert len(one(shop, "* reaches *").pairs) == 7 * 6
    assert one(shop, "all never reach all").pairs == one(shop, "* reaches *").pairs


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("all app-* reach db on tcp 5432", True),
        ("app reaches db", True),
        ("app reaches app on tcp 8080", True),
        ("app-a-1 reaches bastion", False),
        ("app-a-1 never reaches bastion", True),
        ("bastion reaches app on tcp 22", True),
        ("bastion reaches db on tcp 22", False),
        ("bastion never reaches db", True),
        ("app never reaches db on tcp 22", True),
        ("app never reaches db", False),
        ("db reaches app", False),
        ("bastion reaches app", True),
        ("* never reaches bastion", True),
    ],
)
def test_what_holds(shop: Reach, sentence: str, expected: bool) -> None:
    assert holds(shop, sentence) is expected


def test_the_acl_that_stops_what_the_group_would_take_is_named(shop: Reach) -> None:
    judged = judge(one(shop, "bastion reaches db-b on tcp 22"), shop)
    (answer,) = judged.against
    (decider,) = [each for each in deciders(answer) if each.hop.kind == "acl" and each.way == "forward"]
    assert (decider.hop.name, decider.hop.rule, decider.hop.code) == ("db", "* deny all", "SUBNET_ACL_RESTRICTION")
    assert decider.hop.advice.startswith("110 allow tcp 22 from 10.0.10.")


def test_the_rule_that_lets_in_what_should_not_is_named(shop: Reach) -> None:
    judged = judge(one(shop, "app-a-1 never reaches db-b on tcp 5432"), shop)
    (answer,) = judged.against
    (decider,) = deciders(answer)
    assert (decider.hop.name, decider.hop.rule, decider.hop.written) == ("db", "tcp 5432 from app", "shop.yaml:16")


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("", "r.yaml:1:2: an assertion is one sentence; write it like left reaches right on tcp 22"),
        ("'  '", "r.yaml:1:3: the assertion is empty; write it like left reaches right on tcp 22"),
        (
            "bastoin reaches db",
            "r.yaml:1:3: no guest 'bastoin'; there are app-a-1, app-a-2",
        ),
        ("bastion reaches dbb", "r.yaml:1:19: no guest 'dbb'"),
        ("z* reaches db", "r.yaml:1:3: no guest fits 'z*'; there are"),
        ("internet never reaches db", "r.yaml:1:3: internet is not simulated yet"),
        ("bastion rches db", "r.yaml:1:11: 'rches' where reaches belongs. Did you mean reaches?"),
        ("bastion pings db", "r.yaml:1:11: 'pings' where reaches belongs; write reaches, or never reaches"),
        ("bastion never db", "r.yaml:1:17: 'db' where reaches belongs"),
        ("bastion", "r.yaml:1:10: the sentence ends where reaches belongs"),
        ("bastion reaches", "r.yaml:1:18: the sentence ends where a name belongs"),
        ("never reaches db", "r.yaml:1:3: 'never' where a name belongs"),
        (
            "bastion reaches db tcp 22",
            "r.yaml:1:22: the sentence goes on after its end: 'tcp'; write on tcp 22, or nothing",
        ),
        ("bastion reaches db on", "r.yaml:1:24: the sentence ends where traffic belongs"),
        (
            "bastion reaches db on tpc 22",
            "r.yaml:1:25: 'tpc 22' is no traffic; write tcp 443, udp 53, icmp or proto 47",
        ),
        ("bastion reaches db on tcp", "r.yaml:1:25: tcp lacks a port; write tcp 443"),
        ("bastion reaches bastion", "r.yaml:1:19: bastion would ask itself"),
        ("{a: b}", "r.yaml:1:3: an assertion is one sentence; write it like left reaches right on tcp 22"),
        ('"bastion reaches dbb"', "r.yaml:1:20: no guest 'dbb'"),
    ],
)
def test_what_is_said_of_a_bad_sentence(shop: Reach, sentence: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        one(shop, sentence)
    (problem,) = refused.value.problems
    assert str(problem).startswith(said)


def test_every_bad_sentence_is_told(shop: Reach) -> None:
    with pytest.raises(Refused) as refused:
        asserted(shop, "- app reaches db\n- app reaches\n- internet reaches db\n")
    assert [problem.mark.line for problem in refused.value.problems] == [2, 3]


@pytest.mark.parametrize("text", ["", "a: b\n", "[]\n"])
def test_a_file_without_sentences_is_refused(shop: Reach, text: str) -> None:
    with pytest.raises(Refused):
        asserted(shop, text)


def test_one_sentence_is_a_list_of_one(shop: Reach) -> None:
    assert [each.text for each in asserted(shop, "app reaches db\n")] == ["app reaches db"]


def test_a_star_that_yaml_would_take_wants_quotes(shop: Reach) -> None:
    for text in ("- app reaches db\n- * reaches db\n", "- app reaches db\n- *-2 reaches db\n"):
        with pytest.raises(Refused) as refused:
            asserted(shop, text)
        (problem,) = refused.value.problems
        assert problem.mark.line == 2
        assert problem.message == "YAML keeps a * at the start for itself"
        assert problem.advice == f'write - "{text.splitlines()[1][2:]}"'
