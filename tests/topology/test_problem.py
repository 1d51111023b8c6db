"""How a problem is said."""

from dcsim.problem import Mark, Problem, Refused, in_file_order, render

LINE = "      app: {ingress: [tcp 8080 from alb, tcp 22 from bastoin]}"
MARK = Mark("three-tier.yaml", 35, 54, 61)


def lines(text: str, number: int) -> list[str]:
    return [""] * (number - 1) + [text]


def test_long_advice_stands_under_the_caret() -> None:
    problem = Problem(MARK, None, "no security group 'bastoin'", "shop has alb, app. Did you mean bastion?")
    assert render(problem, lines(LINE, 35)) == (
        "three-tier.yaml:35:54: no security group 'bastoin'\n"
        " 35 |       app: {ingress: [tcp 8080 from alb, tcp 22 from bastoin]}\n"
        "    |                                                      ^^^^^^^\n"
        "    shop has alb, app. Did you mean bastion?"
    )


def test_short_advice_stands_in_the_first_line() -> None:
    mark = Mark("a.yaml", 2, 8, 9)
    problem = Problem(mark, None, "delay 5 lacks a unit", "write 5 ms")
    assert render(problem, ["", "delay: 5"]) == (
        "a.yaml:2:8: delay 5 lacks a unit; write 5 ms\n 2 | delay: 5\n   |        ^"
    )
    assert str(Problem(mark, None, "subnet has no 'x'", "Did you mean y?")) == (
        "a.yaml:2:8: subnet has no 'x'. Did you mean y?"
    )


def test_ec2s_code_comes_first_and_a_warning_says_so() -> None:
    mark = Mark("a.yaml", 12, 7, 9)
    conflict = Problem(mark, "InvalidSubnet.Conflict", "db 10.0.1.0/25 overlaps net-a 10.0.1.0/24 (line 9)", "")
    assert str(conflict) == "a.yaml:12:7: InvalidSubnet.Conflict: db 10.0.1.0/25 overlaps net-a 10.0.1.0/24 (line 9)"
    assert str(Problem(mark, None, "too late", "", warning=True)) == "a.yaml:12:7: too late (warning)"


def test_a_long_line_is_cut_around_the_culprit() -> None:
    text = f"{{{'a: 1, ' * 30}culprit: 2, {'b: 3, ' * 30}}}"
    start = text.index("culprit")
    problem = Problem(Mark("a.yaml", 1, start + 1, start + 8), None, "no 'culprit'", "")
    _, excerpt, caret = render(problem, [text]).splitlines()
    assert excerpt.startswith(" 1 |  ... ")
    assert excerpt.endswith("culprit: 2, b:  ...")
    assert len(excerpt) <= 5 + 72 + 4
    assert excerpt[caret.index("^") : caret.rindex("^") + 1] == "culprit"


def test_what_cannot_be_shown_is_not_shown() -> None:
    problem = Problem(Mark("a.yaml", 1, 1, 2), None, "bad \x1b[31m", "")
    assert render(problem, []) == "a.yaml:1:1: bad \ufffd[31m"
    assert render(problem, ["\x1b[31m\tx"]).splitlines()[1] == " 1 | \ufffd[31m x"
    beyond = Problem(Mark("a.yaml", 1, 9, 12), None, "ends early", "")
    assert render(beyond, ["abc"]).splitlines()[2] == "   |    ^"


def test_a_refusal_says_everything_once_in_the_files_order() -> None:
    first, second = (Problem(Mark("a.yaml", line, 1, 2), None, "bad", "") for line in (1, 2))
    refused = Refused(in_file_order([second, first, second]))
    assert refused.problems == (first, second)
    assert str(refused) == "a.yaml:1:1: bad\na.yaml:2:1: bad"
