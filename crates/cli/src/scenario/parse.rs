//! From the text of a scenario to a script. `docs/guides/scenarios.md` describes the language.

use groundbreak_workflow::Text;
use groundbreak_workflow::sla::Used;

use super::script::{
    CaseScript, CommandScript, Doing, Expectation, Moment, Person, Placed, Script, Standing, Step,
    Verb,
};
use super::token::{ScenarioFault, Token, TokenKind, tokens};
use crate::amount;

const DAY_MS: i64 = 86_400_000;

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

/// A line being read.
struct Line<'a> {
    number: usize,
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
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
            Some("set" | "事实") => {
                line.next += 1;
                let facts = line.pairs()?;
                self.opening(&line)?.facts.extend(facts);
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
                "此行应以时间（2023-03-23 10:00），或 workflow、case、set、people、as in 开头；续行须缩进。",
                "A line begins with a time (2023-03-23 10:00), or with workflow, case, set, people or as in; a line that continues the one above is indented.",
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

    fn case(&mut self, line: &mut Line<'_>) -> Result<(), ScenarioFault> {
        let Some((workflow, version)) = self.workflow.clone() else {
            return Err(line.fault_at(
                1,
                "请先写“流程 名称”。",
                "Write `workflow NAME` before the first case.",
            ));
        };
        let name = line.word("办件的简称", "a short name for the case")?;
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
            _ => Doing::Act(line.command(&at.value)?),
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

/// Tells whether a word is the date of a step, or `now`.
fn is_time(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    (digits == 4 && word[digits..].starts_with('-')) || before_now(word).is_some()
}

/// Reads `now`, `now-1h32m`, `现在-3d`.
fn before_now(word: &str) -> Option<i64> {
    let rest = word
        .strip_prefix("now")
        .or_else(|| word.strip_prefix("现在"))?;
    if rest.is_empty() {
        return Some(0);
    }
    match amount::parse(rest.strip_prefix('-')?)? {
        Used::Ms(ms) => Some(ms),
        Used::Days(days) => days.checked_mul(DAY_MS),
    }
}

impl<'a> Line<'a> {
    fn new(number: usize, text: &'a str, tokens: Vec<Token>) -> Self {
        Self {
            number,
            text,
            tokens,
            next: 0,
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn fault_at(
        &self,
        column: usize,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> ScenarioFault {
        ScenarioFault {
            line: self.number,
            column,
            message: Text::new(zh, en),
        }
    }

    /// A fault at the token that comes next, or behind the last one.
    fn fault(&self, zh: impl Into<String>, en: impl Into<String>) -> ScenarioFault {
        let column = self
            .peek()
            .map_or(self.text.trim_end().chars().count() + 1, |token| {
                token.column
            });
        self.fault_at(column, zh, en)
    }

    fn placed<T>(&self, column: usize, value: T) -> Placed<T> {
        Placed {
            line: self.number,
            column,
            value,
        }
    }

    fn end(&self) -> Result<(), ScenarioFault> {
        match self.peek() {
            None => Ok(()),
            Some(token) => {
                Err(self.fault_at(token.column, "此处多出内容。", "Nothing is expected here."))
            }
        }
    }

    fn word(&mut self, zh: &str, en: &str) -> Result<Placed<String>, ScenarioFault> {
        let found = self
            .peek()
            .and_then(|token| Some((token.column, token.word()?.to_owned())));
        let (column, word) = found.ok_or_else(|| {
            self.fault(format!("此处应为{zh}。"), format!("Here is expected {en}."))
        })?;
        self.next += 1;
        Ok(self.placed(column, word))
    }

    /// Takes one of these words, if it comes next.
    fn keyword(&mut self, words: [&str; 2]) -> bool {
        let found = self
            .peek()
            .and_then(Token::word)
            .is_some_and(|word| words.contains(&word));
        self.next += usize::from(found);
        found
    }

    fn quoted(&mut self) -> Option<String> {
        let TokenKind::Quoted(text) = &self.peek()?.kind else {
            return None;
        };
        let text = text.clone();
        self.next += 1;
        Some(text)
    }

    fn take_arrow(&mut self) -> bool {
        let found = self
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Arrow);
        self.next += usize::from(found);
        found
    }

    fn take_comma(&mut self) -> bool {
        let found = self
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Comma);
        self.next += usize::from(found);
        found
    }

    /// Takes the pairs that come next, with or without commas.
    fn pairs(&mut self) -> Result<Vec<(String, String)>, ScenarioFault> {
        let mut pairs = Vec::new();
        while let Some(TokenKind::Pair(name, value)) = self.peek().map(|token| &token.kind) {
            pairs.push((name.clone(), value.clone()));
            self.next += 1;
            self.take_comma();
        }
        if pairs.is_empty() {
            return Err(self.fault("此处应为“名称=值”。", "Here is expected `name=value`."));
        }
        Ok(pairs)
    }

    fn people(&mut self) -> Result<Vec<Person>, ScenarioFault> {
        let columns: Vec<usize> = self
            .tokens
            .iter()
            .skip(self.next)
            .map(|token| token.column)
            .collect();
        let pairs = self.pairs()?;
        let people = pairs
            .into_iter()
            .zip(columns)
            .map(|((name, roles), column)| {
                let roles = roles
                    .split('+')
                    .map(|role| self.placed(column, role.trim().to_owned()))
                    .collect();
                (name, roles)
            });
        Ok(people.collect())
    }

    /// Takes an instant. After a line's own time, the date may be left out.
    fn moment(&mut self, day: Option<&Moment>) -> Result<Placed<Moment>, ScenarioFault> {
        let first = self.word(
            "时间，如 2023-03-23 10:00 或 now-90m",
            "a time, such as 2023-03-23 10:00 or now-90m",
        )?;
        if let Some(ms) = before_now(&first.value) {
            return Ok(self.placed(first.column, Moment::BeforeNow(ms)));
        }
        let local = match day {
            Some(Moment::Local(day)) if first.value.contains(':') => {
                let date = day.split(' ').next().unwrap_or_default();
                format!("{date} {}", first.value)
            }
            _ => {
                let missing = self.fault(
                    "此处应为几点几分，如 10:00。",
                    "Here is expected the time of day, such as 10:00.",
                );
                let time = self.word("几点几分，如 10:00", "the time of day, such as 10:00")?;
                if !time.value.contains(':') {
                    return Err(missing);
                }
                format!("{} {}", first.value, time.value)
            }
        };
        Ok(self.placed(first.column, Moment::Local(local)))
    }

    fn command(&mut self, at: &Moment) -> Result<CommandScript, ScenarioFault> {
        let actor = self.word(
            "何人：人员、角色、(clock) 或 (restart)",
            "who acts: a person, a role, (clock) or (restart)",
        )?;
        let act = self.word(
            "做什么：opens、attaches 材料、comments \"…\"，或流程的事件",
            "what is done: opens, attaches DOCUMENT, comments \"…\", or an event of the workflow",
        )?;
        let verb = match act.value.as_str() {
            "opens" | "接件" => Verb::Open,
            "attaches" | "上传" => self.attach()?,
            "comments" | "记录" => {
                let missing = self.fault(
                    "此处应为引号中的文字。",
                    "Here is expected a text between quotation marks.",
                );
                Verb::Comment(self.quoted().ok_or(missing)?)
            }
            _ => Verb::Fire(act.value),
        };
        let mut command = CommandScript {
            actor,
            verb,
            happened: None,
            note: None,
            seen: None,
            facts: Vec::new(),
        };
        loop {
            if self.keyword(["at", "于"]) {
                command.happened = Some(self.moment(Some(at))?);
            } else if self.keyword(["note", "备注"]) {
                let missing = self.fault(
                    "备注须写在引号中。",
                    "A note stands between quotation marks.",
                );
                command.note = Some(self.quoted().ok_or(missing)?);
            } else if self.keyword(["seen", "依据"]) {
                let missing = self.fault(
                    "此处应为版本号，如 3。",
                    "Here is expected a revision, such as 3.",
                );
                let number = self.word("版本号", "a revision")?;
                command.seen = Some(number.value.parse().map_err(|_| missing)?);
            } else if matches!(
                self.peek().map(|token| &token.kind),
                Some(TokenKind::Pair(..))
            ) {
                command.facts.extend(self.pairs()?);
            } else if self
                .peek()
                .is_none_or(|token| token.kind == TokenKind::Arrow)
            {
                return Ok(command);
            } else {
                return Err(self.fault(
                    "此处可写：名称=值、at 时间、note \"…\"、seen 版本号，或 ->。",
                    "Accepted here: name=value, at TIME, note \"…\", seen REVISION, or ->.",
                ));
            }
        }
    }

    fn attach(&mut self) -> Result<Verb, ScenarioFault> {
        let mut documents = Vec::new();
        loop {
            documents.push(self.word("材料名称", "the name of a document")?.value);
            if !self.take_comma() {
                break;
            }
        }
        Ok(Verb::Attach {
            documents,
            file_name: self.quoted(),
        })
    }

    fn expectations(&mut self) -> Result<Vec<Placed<Expectation>>, ScenarioFault> {
        let mut expectations = Vec::new();
        loop {
            let name = self.word(
                "期望：状态、refused 代码、计时器 用时、segments … 或 timer …",
                "what must hold: a state, refused CODE, CLOCK AMOUNT, segments … or timer …",
            )?;
            let expectation = match name.value.as_str() {
                // A workflow may have a state of this name; a code has a hyphen, and a state has none.
                "refused" | "拒绝"
                    if self
                        .peek()
                        .and_then(Token::word)
                        .is_some_and(|code| code.contains('-')) =>
                {
                    self.refused()?
                }
                "segments" | "分段" => self.segments()?,
                "timer" | "计时器" => self.late()?,
                _ => self.state_or_clock(name.value)?,
            };
            expectations.push(Placed {
                line: self.number,
                column: name.column,
                value: expectation,
            });
            self.take_comma();
            if self.peek().is_none() {
                return Ok(expectations);
            }
        }
    }

    fn refused(&mut self) -> Result<Expectation, ScenarioFault> {
        let code = self
            .word(
                "拒绝代码，如 gate-closed",
                "the code of a refusal, such as gate-closed",
            )?
            .value;
        let words = std::iter::from_fn(|| self.quoted()).collect();
        Ok(Expectation::Refused { code, words })
    }

    fn segments(&mut self) -> Result<Expectation, ScenarioFault> {
        let clock = self.word("时限名称", "the name of a clock")?.value;
        let mut parts = Vec::new();
        let mut total = None;
        loop {
            if self.keyword(["together", "合计"]) {
                total = Some(self.amount()?);
                break;
            }
            let state = self.word(
                "状态名称，或 together 合计",
                "the name of a state, or together TOTAL",
            )?;
            parts.push((state, self.amount()?));
            self.take_comma();
            if self.peek().is_none() {
                break;
            }
        }
        Ok(Expectation::Segments {
            clock,
            parts,
            total,
        })
    }

    fn late(&mut self) -> Result<Expectation, ScenarioFault> {
        let timer = self
            .word(
                "计时器名称，如 breach/时限",
                "the name of a timer, such as breach/CLOCK",
            )?
            .value;
        if !self.keyword(["late", "迟"]) {
            return Err(self.fault(
                "此处应为 late 与时长。",
                "Here is expected late and an amount of time.",
            ));
        }
        Ok(Expectation::Late {
            timer,
            by: self.amount()?,
        })
    }

    fn state_or_clock(&mut self, name: String) -> Result<Expectation, ScenarioFault> {
        let (mut amount, mut office) = (None, None);
        let mut standing = Vec::new();
        while let Some(word) = self.peek().and_then(Token::word) {
            if let Some(word) = Standing::named(word) {
                standing.push(word);
                self.next += 1;
            } else if word == "office" || word == "办公" {
                self.next += 1;
                office = Some(self.amount()?);
            } else if amount.is_none() && amount::parse(word).is_some() {
                amount = Some(self.amount()?);
            } else {
                break;
            }
        }
        if amount.is_none() && office.is_none() && standing.is_empty() {
            return Ok(Expectation::In(name));
        }
        Ok(Expectation::Clock {
            clock: name,
            amount,
            office,
            standing,
        })
    }

    /// Takes an amount: one word, or several that add up, such as `5h 0.001s`.
    fn amount(&mut self) -> Result<Used, ScenarioFault> {
        let mut sum: Option<Used> = None;
        while let Some(more) = self.peek().and_then(Token::word).and_then(amount::parse) {
            let together = sum.map_or(Some(more), |sum| amount::sum(sum, more));
            sum = Some(together.ok_or_else(|| {
                self.fault("天数不能与小时相加。", "Days and hours do not add up.")
            })?);
            self.next += 1;
        }
        sum.ok_or_else(|| {
            self.fault(
                "此处应为时长，如 5h、1h55m、0.001s、3d。",
                "Here is expected an amount of time, such as 5h, 1h55m, 0.001s or 3d.",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_follows_the_arrow_is_states_and_clocks() {
        let clock = |clock: &str, amount, office, standing: &[Standing]| Expectation::Clock {
            clock: clock.into(),
            amount,
            office,
            standing: standing.to_vec(),
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
