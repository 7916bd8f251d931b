//! From the text of a scenario to a script. `docs/guides/scenarios.md` describes the language.

use groundbreak_workflow::Text;

use super::line::{Line, is_time};
use super::script::{CaseScript, Doing, Expectation, Moment, Placed, Script, Step};
use super::token::{ScenarioFault, Token, tokens};

/// How deep one scenario may begin like another.
const DEPTH_MAX: usize = 4;

/// Reads a scenario. `load` returns the text of another one that it begins like, by the name that
/// stands in it.
///
/// # Errors
///
/// Every line that cannot be read, not only the first.
pub(crate) fn parse(
    text: &str,
    load: &dyn Fn(&str) -> Option<String>,
) -> Result<Script, Vec<ScenarioFault>> {
    parse_at(0, text, load)
}

fn parse_at(
    depth: usize,
    text: &str,
    load: &dyn Fn(&str) -> Option<String>,
) -> Result<Script, Vec<ScenarioFault>> {
    let mut reader = Reader {
        script: Script::default(),
        workflow: None,
        load,
        depth,
    };
    let mut faults = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let number = index + 1;
        if let Some(remark) = line.trim_start().strip_prefix('#') {
            if reader.script.title.is_empty() && reader.script.cases.is_empty() {
                reader.script.title = remark.trim().to_owned();
            }
            continue;
        }
        if let Err(fault) =
            tokens(number, line).and_then(|tokens| reader.line(Line::new(number, line, tokens)))
        {
            faults.push(fault);
        }
    }
    if faults.is_empty() && reader.script.cases.is_empty() {
        faults.push(ScenarioFault {
            line: 1,
            column: 1,
            message: Text::new(
                "场景中没有办件；请写“办件 名称 \"标题\"”。",
                "There is no case in this scenario; write `case NAME \"TITLE\"`.",
            ),
        });
    }
    if faults.is_empty() {
        Ok(reader.script)
    } else {
        Err(faults)
    }
}

struct Reader<'a> {
    script: Script,
    workflow: Option<(Placed<String>, Option<u32>)>,
    load: &'a dyn Fn(&str) -> Option<String>,
    /// How many scenarios begin like this one, one inside the other.
    depth: usize,
}

impl Reader<'_> {
    fn line(&mut self, mut line: Line<'_>) -> Result<(), ScenarioFault> {
        let Some(first) = line.peek().cloned() else {
            return Ok(());
        };
        let indented = line.text.starts_with(char::is_whitespace);
        match first.word() {
            Some("workflow" | "流程") => {
                line.next += 1;
                self.workflow(&mut line)
            }
            Some("case" | "办件") => {
                line.next += 1;
                self.case(&mut line)
            }
            Some("child" | "子办件") => {
                line.next += 1;
                self.child(&mut line)
            }
            Some("set" | "事实") => {
                line.next += 1;
                let facts = line.pairs()?;
                let case = self.opening(&line)?;
                if case.child_of.is_some() {
                    return Err(line.fault_at(
                        first.column,
                        "子办件由上级办件开立，事实由它给出。",
                        "A child is opened by its parent, which gives it its facts.",
                    ));
                }
                case.facts.extend(facts);
                line.end()
            }
            Some("people" | "人员") => {
                line.next += 1;
                let people = line.people()?;
                self.opening(&line)?.people.extend(people);
                line.end()
            }
            Some("as" | "同") => {
                line.next += 1;
                line.keyword(["in", "于"]);
                self.begin_like(&mut line)
            }
            Some(word) if is_time(word) => self.step(&mut line),
            _ if indented => self.continuation(&mut line),
            _ => Err(line.fault_at(
                first.column,
                "此行应以时间（2023-03-23 10:00），或 workflow、case、child、set、people、as in 开头；续行须缩进。",
                "A line begins with a time (2023-03-23 10:00), or with workflow, case, child, set, people or as in; a line that continues the one above is indented.",
            )),
        }
    }

    fn workflow(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        let name = line.word("流程名称", "the name of a workflow")?;
        let version = match line.peek().and_then(Token::word) {
            Some(word) => {
                let digits = word.strip_prefix('v').unwrap_or(word);
                let version = digits.parse().map_err(|_| {
                    line.fault(
                        "此处应为版本，如 v1。",
                        "A version is expected here, such as v1.",
                    )
                })?;
                line.next += 1;
                Some(version)
            }
            None => None,
        };
        self.workflow = Some((name, version));
        line.end()
    }

    /// Begins a case that another one opens: `child NAME of PARENT CHILD`.
    fn child(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        let name = line.word("办件的简称", "a short name for the case")?;
        if !line.keyword(["of", "属于"]) {
            return Err(line.fault(
                "此处应为 属于 上级办件的简称。",
                "Here is expected of PARENT.",
            ));
        }
        let parent = line.word("上级办件的简称", "the name of the parent")?;
        if !self
            .script
            .cases
            .iter()
            .any(|case| case.name == parent.value)
        {
            return Err(line.fault_at(
                parent.column,
                format!("此前没有名为“{}”的办件。", parent.value),
                format!("There is no case \"{}\" above.", parent.value),
            ));
        }
        let called = line.word(
            "上级流程 invoke 中的名称",
            "what the parent's workflow calls it under `invoke`",
        )?;
        self.begin(line, name, Some((parent, called.value)))
    }

    fn case(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        let name = line.word("办件的简称", "a short name for the case")?;
        self.begin(line, name, None)
    }

    fn begin(
        &mut self,
        line: &mut Line<'_>,
        name: Placed<String>,
        child_of: Option<(Placed<String>, String)>,
    ) -> Result<(), ScenarioFault> {
        let Some((workflow, version)) = self.workflow.clone() else {
            return Err(line.fault_at(
                1,
                "请先写“流程 名称”。",
                "Write `workflow NAME` before the first case.",
            ));
        };
        if self.script.cases.iter().any(|case| case.name == name.value) {
            return Err(line.fault_at(
                name.column,
                "已有同名办件。",
                "There is a case of this name already.",
            ));
        }
        let title = line.quoted().unwrap_or_else(|| name.value.clone());
        self.script.cases.push(CaseScript {
            name: name.value,
            title,
            workflow,
            child_of,
            version,
            facts: Vec::new(),
            people: Vec::new(),
            steps: Vec::new(),
        });
        line.end()
    }

    fn current(&mut self, line: &Line<'_>) -> Result<&mut CaseScript, ScenarioFault> {
        let fault = line.fault_at(
            1,
            "请先写“办件 名称 \"标题\"”。",
            "Write `case NAME \"TITLE\"` before this.",
        );
        self.script.cases.last_mut().ok_or(fault)
    }

    /// Returns the case whose opening this line still describes.
    fn opening(&mut self, line: &Line<'_>) -> Result<&mut CaseScript, ScenarioFault> {
        let case = self.current(line)?;
        if case.steps.is_empty() {
            return Ok(case);
        }
        Err(line.fault_at(
            1,
            "set 与 people 须写在该办件的第一行时间之前；之后的事实写在动作后面。",
            "`set` and `people` stand before the first time of the case; facts that come later stand behind the act that brings them.",
        ))
    }

    /// Takes over what another scenario does with its first case, up to an instant. What that one
    /// expects was checked there; only its refusals are still expected.
    fn begin_like(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        let file = line.word("场景文件名", "the name of a scenario file")?;
        if !line.keyword(["until", "至"]) {
            return Err(line.fault("此处应为 至 时间。", "Here is expected until TIME."));
        }
        let until = line.moment(None)?;
        line.end()?;
        let missing = || {
            let name = &file.value;
            line.fault_at(
                file.column,
                format!("找不到场景“{name}”；它应与本文件在同一目录。"),
                format!("There is no scenario \"{name}\" beside this one."),
            )
        };
        if self.depth >= DEPTH_MAX {
            return Err(line.fault_at(
                file.column,
                "场景相互引用过深。",
                "Scenarios begin like one another too deeply.",
            ));
        }
        let text = (self.load)(&file.value).ok_or_else(missing)?;
        let other = parse_at(self.depth + 1, &text, self.load).map_err(|faults| {
            let first = faults.into_iter().next();
            let (place, message) = first
                .map(|fault| (format!("{}:{}", fault.line, fault.column), fault.message))
                .unwrap_or_default();
            let name = &file.value;
            line.fault_at(
                file.column,
                format!("{name}:{place} {}", message.zh),
                format!("{name}:{place} {}", message.en),
            )
        })?;
        let Some(other) = other.cases.into_iter().next() else {
            return Err(missing());
        };
        let steps = other
            .steps
            .into_iter()
            .filter(|step| match (&step.at.value, &until.value) {
                (Moment::Local(at), Moment::Local(until)) => at <= until,
                (Moment::BeforeNow(at), Moment::BeforeNow(until)) => at >= until,
                _ => false,
            });
        let steps: Vec<Step> = steps.map(|step| relocate(step, line)).collect();
        let case = self.opening(line)?;
        case.facts.splice(0..0, other.facts);
        case.people.extend(other.people);
        case.steps = steps;
        Ok(())
    }

    fn step(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        let at = line.moment(None)?;
        let doing = match line.peek().and_then(Token::word) {
            Some("(clock)" | "(计时)") => {
                line.next += 1;
                Doing::Wait
            }
            Some("(restart)" | "(重启)") => {
                line.next += 1;
                Doing::Restart
            }
            _ => Doing::Act(Box::new(line.command(&at.value)?)),
        };
        let expected = if line.take_arrow() {
            line.expectations()?
        } else {
            Vec::new()
        };
        line.end()?;
        let source = vec![(line.number, line.text.to_owned())];
        self.current(line)?.steps.push(Step {
            at,
            doing,
            expected,
            source,
        });
        Ok(())
    }

    fn continuation(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        line.take_arrow();
        let expected = line.expectations()?;
        line.end()?;
        let fault = line.fault_at(
            1,
            "续行之前没有可续的一行。",
            "There is no line above that this one could continue.",
        );
        let step = self.current(line)?.steps.last_mut().ok_or(fault)?;
        step.expected.extend(expected);
        step.source.push((line.number, line.text.to_owned()));
        Ok(())
    }
}

/// Makes a step of another scenario one of this line.
fn relocate(mut step: Step, line: &Line<'_>) -> Step {
    step.expected
        .retain(|expected| matches!(expected.value, Expectation::Refused { .. }));
    for expected in &mut step.expected {
        (expected.line, expected.column) = (line.number, 1);
    }
    (step.at.line, step.at.column) = (line.number, 1);
    if let Doing::Act(command) = &mut step.doing {
        (command.actor.line, command.actor.column) = (line.number, 1);
        if let Some(happened) = &mut command.happened {
            (happened.line, happened.column) = (line.number, 1);
        }
    }
    let said = step
        .source
        .first()
        .map(|(_, said)| said.trim().to_owned())
        .unwrap_or_default();
    step.source = vec![(line.number, said)];
    step
}

#[cfg(test)]
mod tests {
    use groundbreak_workflow::sla::Used;

    use super::super::script::Standing;
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn parse(text: &str) -> Result<Script, Vec<ScenarioFault>> {
        super::parse(text, &|_| None)
    }

    const HEAD: &str = "workflow permit\ncase a \"A\"\n";

    fn step(line: &str) -> Step {
        parse(&format!("{HEAD}{line}\n")).unwrap().cases[0].steps[0].clone()
    }

    fn expected(line: &str) -> Vec<Expectation> {
        step(line)
            .expected
            .into_iter()
            .map(|placed| placed.value)
            .collect()
    }

    /// Line and column of the first fault, and a word its message holds.
    fn fault(text: &str) -> (usize, usize) {
        let faults = parse(text).unwrap_err();
        (faults[0].line, faults[0].column)
    }

    #[test]
    fn chinese_words_mean_what_english_ones_do() {
        let english = "# t\nworkflow permit v2\ncase a \"A\"\nset x=1\npeople 甲=clerk+reviewer\n2023-03-23 10:00 甲 attaches form \"f.pdf\" note \"n\" seen 3 -> refused x-y \"y\"\n2023-03-23 11:00 (clock) -> done whole 5h office 1h met\n  segments whole b 1h together 1h\n";
        let chinese = "# t\n流程 permit v2\n办件 a “A”\n事实 x＝1\n人员 甲＝clerk+reviewer\n2023-03-23 10：00 甲 上传 form “f.pdf” 备注 “n” 依据 3 → 拒绝 x-y “y”\n2023-03-23 11：00 （计时） → done、whole 5小时 办公 1小时 达标\n  分段 whole b 1小时 合计 1小时\n";
        let (english, chinese) = (parse(english).unwrap(), parse(chinese).unwrap());
        for (english, chinese) in english.cases[0].steps.iter().zip(&chinese.cases[0].steps) {
            let values = |step: &Step| {
                step.expected
                    .iter()
                    .map(|placed| placed.value.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(english.at.value, chinese.at.value);
            match (&english.doing, &chinese.doing) {
                (Doing::Act(english), Doing::Act(chinese)) => assert_eq!(english, chinese),
                (english, chinese) => assert_eq!(english, chinese),
            }
            if !matches!(values(english)[..], [.., Expectation::Segments { .. }]) {
                assert_eq!(values(english), values(chinese));
            }
        }
        assert_eq!(english.cases[0].facts, chinese.cases[0].facts);
        assert_eq!((english.title.as_str(), chinese.title.as_str()), ("t", "t"));
    }

    #[test]
    fn a_clock_counts_since_an_instant_and_is_due_at_one() {
        let local = |at: &str| Some(Moment::Local(at.into()));
        for line in [
            "-> c met since 2023-03-23 10:00 due 2023-04-21 17:30, d due 2023-04-22 00:00",
            "→ c 达标 起算 2023-03-23 10：00 到期 2023-04-21 17：30、d 到期 2023-04-22 00：00",
        ] {
            let found: Vec<_> = expected(&format!("2023-03-23 10:00 (clock) {line}"))
                .into_iter()
                .map(|expectation| match expectation {
                    Expectation::Clock {
                        clock, since, due, ..
                    } => (
                        clock,
                        since.map(|moment| moment.value),
                        due.map(|moment| moment.value),
                    ),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(
                found,
                [
                    (
                        "c".into(),
                        local("2023-03-23 10:00"),
                        local("2023-04-21 17:30")
                    ),
                    ("d".into(), None, local("2023-04-22 00:00"))
                ],
                "{line}"
            );
        }
        assert_eq!(
            fault("workflow permit\ncase a \"A\"\n2023-03-23 10:00 (clock) -> c due soon\n"),
            (3, 39)
        );
    }

    #[test]
    fn what_follows_the_arrow_is_states_and_clocks() {
        let clock = |clock: &str, amount, office, standing: &[Standing]| Expectation::Clock {
            clock: clock.into(),
            amount,
            office,
            standing: standing.to_vec(),
            since: None,
            due: None,
        };
        let inside = |state: &str| Expectation::In(state.into());
        let rows = [
            ("-> a", vec![inside("a")]),
            ("-> a, b", vec![inside("a"), inside("b")]),
            (
                "-> a   c 5h met",
                vec![
                    inside("a"),
                    clock("c", Some(Used::Ms(18_000_000)), None, &[Standing::Met]),
                ],
            ),
            (
                "-> c 5h 0.001s missed breached",
                vec![clock(
                    "c",
                    Some(Used::Ms(18_000_001)),
                    None,
                    &[Standing::Missed, Standing::Breached],
                )],
            ),
            (
                "-> c office 0m, d paused",
                vec![
                    clock("c", None, Some(Used::Ms(0)), &[]),
                    clock("d", None, None, &[Standing::Paused]),
                ],
            ),
            ("-> refused", vec![inside("refused")]),
            ("-> refused, a", vec![inside("refused"), inside("a")]),
            (
                "-> refused gate-closed \"x\" \"y\"",
                vec![Expectation::Refused {
                    code: "gate-closed".into(),
                    words: vec!["x".into(), "y".into()],
                }],
            ),
            (
                "-> timer breach/c late 30m",
                vec![Expectation::Late {
                    timer: "breach/c".into(),
                    by: Used::Ms(1_800_000),
                }],
            ),
        ];
        for (text, expectations) in rows {
            assert_eq!(
                expected(&format!("2023-03-23 10:00 (clock) {text}")),
                expectations,
                "{text}"
            );
        }
    }

    #[test]
    fn times_may_be_of_the_same_day_or_before_now() {
        let rows = [
            (
                "2023-03-23 11:06 a b at 11:00 note \"late\"",
                Moment::Local("2023-03-23 11:00".into()),
            ),
            (
                "2023-03-23 11:06 a b at 2023-03-22 11:00",
                Moment::Local("2023-03-22 11:00".into()),
            ),
            ("now-1h a b at now-92m", Moment::BeforeNow(92 * 60_000)),
        ];
        for (line, happened) in rows {
            let Doing::Act(command) = step(line).doing else {
                panic!("{line}")
            };
            assert_eq!(
                command.happened.map(|placed| placed.value),
                Some(happened),
                "{line}"
            );
        }
        assert_eq!(
            step("now-3d (clock)").at.value,
            Moment::BeforeNow(3 * DAY_MS)
        );
    }

    #[test]
    fn a_fault_names_its_line_and_column() {
        let rows = [
            ("", (1, 1)),
            ("case a", (1, 1)),
            ("workflow permit\nhello", (2, 1)),
            ("workflow permit x", (1, 17)),
            ("workflow permit\ncase a\ncase a", (3, 6)),
            ("workflow permit\ncase a\n2023-03-23 a b", (3, 12)),
            ("workflow permit\ncase a\n2023-03-23 10:00 a", (3, 19)),
            ("workflow permit\ncase a\n2023-03-23 10:00 a b c", (3, 22)),
            (
                "workflow permit\ncase a\n2023-03-23 10:00 a b note c",
                (3, 27),
            ),
            ("workflow permit\ncase a\n2023-03-23 10:00 a b ->", (3, 24)),
            (
                "workflow permit\ncase a\n2023-03-23 10:00 a b -> c office x",
                (3, 34),
            ),
            (
                "workflow permit\ncase a\n2023-03-23 10:00 甲 乙\nset x=1",
                (4, 1),
            ),
            ("workflow permit\ncase a\n   segments c", (3, 14)),
            ("workflow permit\ncase 甲\n2023-03-23 10:00 甲 “乙", (3, 20)),
        ];
        for (text, place) in rows {
            assert_eq!(fault(text), place, "{text}");
        }
    }

    #[test]
    fn a_child_is_of_a_case_above_and_has_no_facts_of_its_own() {
        for text in [
            "workflow permit\ncase a\nworkflow order\nchild b of a task \"B\"\n2023-03-23 10:00 clerk go\n",
            "流程 permit\n办件 a\n流程 order\n子办件 b 属于 a task “B”\n2023-03-23 10:00 clerk go\n",
        ] {
            let script = parse(text).unwrap();
            let child = &script.cases[1];
            let (parent, called) = child.child_of.as_ref().unwrap();
            assert_eq!(
                (parent.value.as_str(), called.as_str()),
                ("a", "task"),
                "{text}"
            );
            assert_eq!(
                (child.title.as_str(), child.workflow.value.as_str()),
                ("B", "order")
            );
        }
        let rows = [
            ("child b of c task", (3, 12)),
            ("child b a task", (3, 9)),
            ("child b of a", (3, 13)),
            ("child b of a task\nset x=1", (4, 1)),
        ];
        for (line, place) in rows {
            assert_eq!(
                fault(&format!("workflow permit\ncase a\n{line}\n")),
                place,
                "{line}"
            );
        }
    }

    #[test]
    fn every_line_that_cannot_be_read_is_reported() {
        assert_eq!(
            parse("workflow permit\nhello\ncase a\nworld")
                .unwrap_err()
                .len(),
            2
        );
    }

    #[test]
    fn a_scenario_may_begin_like_another_up_to_an_instant() {
        let other = "workflow permit\ncase o\nset x=1 y=1\npeople 甲=clerk\n2023-03-23 10:00 甲 opens -> a\n2023-03-23 10:05 甲 b -> refused x-y\n2023-03-23 11:00 甲 c\n";
        let load = |name: &str| (name == "other.txt").then(|| other.to_owned());
        let text = "workflow permit\ncase a\nset y=2\nas in other.txt until 2023-03-23 10:30\n2023-03-23 12:00 甲 d\n";
        let script = super::parse(text, &load).unwrap();
        let case = &script.cases[0];
        assert_eq!(
            case.steps
                .iter()
                .map(|step| step.at.line)
                .collect::<Vec<_>>(),
            [4, 4, 5]
        );
        assert_eq!(
            case.steps
                .iter()
                .map(|step| step.expected.len())
                .collect::<Vec<_>>(),
            [0, 1, 0]
        );
        assert_eq!(case.facts.last(), Some(&("y".to_owned(), "2".to_owned())));
        for (text, column) in [
            ("as in nothing.txt until 2023-03-23 10:30", 7),
            ("同 other.txt 2023-03-23 10:30", 13),
        ] {
            let faults =
                super::parse(&format!("workflow permit\ncase a\n{text}"), &load).unwrap_err();
            assert_eq!((faults[0].line, faults[0].column), (3, column), "{text}");
        }
        let itself =
            |_: &str| Some("workflow permit\ncase a\nas in x until 2023-03-23 10:30\n".to_owned());
        assert!(super::parse(&itself("").unwrap(), &itself).is_err());
    }

    #[test]
    fn anything_at_all_is_read_or_refused_without_a_panic() {
        let pieces = [
            "workflow",
            " ",
            "case",
            "\n",
            "\"",
            "“",
            "->",
            "2023-03-23",
            "10:00",
            "=",
            "，",
            "now-",
            "9999999999999999999d",
            "segments",
            "企",
            "#",
            "timer",
            "at",
            "seen",
            "-",
        ];
        // A small generator of its own keeps the run the same every time.
        let mut state = 1_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
            }
            let _ = parse(&text);
        }
    }
}
