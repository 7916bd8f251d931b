//! Reads one line of a scenario, token by token.

use groundbreak_workflow::Text;
use groundbreak_workflow::sla::Used;

use super::general::{general, stage};
use super::script::{CommandScript, Expectation, Moment, Person, Placed, Standing, Verb};
use super::token::{ScenarioFault, Token, TokenKind};
use crate::amount;

const DAY_MS: i64 = 86_400_000;

/// A line being read.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
    tokens: Vec<Token>,
    pub(super) next: usize,
}

/// Tells whether a word is the date of a step, or `now`.
pub(super) fn is_time(word: &str) -> bool {
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
    pub(super) fn new(number: usize, text: &'a str, tokens: Vec<Token>) -> Self {
        Self {
            number,
            text,
            tokens,
            next: 0,
        }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    pub(super) fn fault_at(
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
    pub(super) fn fault(&self, zh: impl Into<String>, en: impl Into<String>) -> ScenarioFault {
        let column = self
            .peek()
            .map_or(self.text.trim_end().chars().count() + 1, |token| {
                token.column
            });
        self.fault_at(column, zh, en)
    }

    pub(super) fn placed<T>(&self, column: usize, value: T) -> Placed<T> {
        Placed {
            line: self.number,
            column,
            value,
        }
    }

    pub(super) fn end(&self) -> Result<(), ScenarioFault> {
        match self.peek() {
            None => Ok(()),
            Some(token) => {
                Err(self.fault_at(token.column, "此处多出内容。", "Nothing is expected here."))
            }
        }
    }

    pub(super) fn word(&mut self, zh: &str, en: &str) -> Result<Placed<String>, ScenarioFault> {
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
    pub(super) fn keyword(&mut self, words: [&str; 2]) -> bool {
        let found = self
            .peek()
            .and_then(Token::word)
            .is_some_and(|word| words.contains(&word));
        self.next += usize::from(found);
        found
    }

    pub(super) fn quoted(&mut self) -> Option<String> {
        let TokenKind::Quoted(text) = &self.peek()?.kind else {
            return None;
        };
        let text = text.clone();
        self.next += 1;
        Some(text)
    }

    pub(super) fn take_arrow(&mut self) -> bool {
        let found = self
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Arrow);
        self.next += usize::from(found);
        found
    }

    pub(super) fn take_comma(&mut self) -> bool {
        let found = self
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Comma);
        self.next += usize::from(found);
        found
    }

    /// Takes the pairs that come next, with or without commas.
    pub(super) fn pairs(&mut self) -> Result<Vec<(String, String)>, ScenarioFault> {
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

    pub(super) fn people(&mut self) -> Result<Vec<Person>, ScenarioFault> {
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
    pub(super) fn moment(&mut self, day: Option<&Moment>) -> Result<Placed<Moment>, ScenarioFault> {
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

    pub(super) fn command(&mut self, at: &Moment) -> Result<CommandScript, ScenarioFault> {
        let actor = self.word(
            "何人：人员、角色、(clock) 或 (restart)",
            "who acts: a person, a role, (clock) or (restart)",
        )?;
        let act = self.word(
            "做什么：opens、attaches 材料、defers 材料、extends 材料、comments \"…\"，或流程的事件",
            "what is done: opens, attaches DOCUMENT, defers DOCUMENT, extends DOCUMENT, comments \"…\", or an event of the workflow",
        )?;
        let verb = match act.value.as_str() {
            "opens" | "接件" => Verb::Open,
            "attaches" | "上传" => self.attach()?,
            "defers" | "容缺" => {
                let (documents, letter) = self.documents()?;
                Verb::Defer { documents, letter }
            }
            "extends" | "延期" => {
                let document = self.word("材料名称", "the name of a document")?.value;
                if !self.keyword(["until", "至"]) {
                    return Err(
                        self.fault("此处应为 至 与时间。", "Here is expected until and a time.")
                    );
                }
                let until = self.moment(None)?;
                Verb::Extend { document, until }
            }
            "comments" | "记录" => {
                let missing = self.fault(
                    "此处应为引号中的文字。",
                    "Here is expected a text between quotation marks.",
                );
                Verb::Comment(self.quoted().ok_or(missing)?)
            }
            word => match general(word) {
                Some(kind) => Verb::General(kind),
                None => Verb::Fire(act.value),
            },
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

    pub(super) fn attach(&mut self) -> Result<Verb, ScenarioFault> {
        let (documents, file_name) = self.documents()?;
        Ok(Verb::Attach {
            documents,
            file_name,
        })
    }

    /// Takes names of documents, and what is said of them between quotation marks, if it is.
    fn documents(&mut self) -> Result<(Vec<String>, Option<String>), ScenarioFault> {
        let mut documents = Vec::new();
        loop {
            documents.push(self.word("材料名称", "the name of a document")?.value);
            if !self.take_comma() {
                break;
            }
        }
        Ok((documents, self.quoted()))
    }

    pub(super) fn expectations(&mut self) -> Result<Vec<Placed<Expectation>>, ScenarioFault> {
        let mut expectations = Vec::new();
        loop {
            if let Some(TokenKind::Pair(name, value)) = self.peek().map(|token| &token.kind) {
                let fact = Expectation::Fact(name.clone(), value.clone());
                let column = self.peek().map_or(1, |token| token.column);
                self.next += 1;
                expectations.push(self.placed(column, fact));
                self.take_comma();
                if self.peek().is_none() {
                    return Ok(expectations);
                }
                continue;
            }
            let name = self.word(
                "期望：状态、refused 代码、计时器 用时、segments …、timer …、holder 人员、force 专班、lane 通道、urged 次数、order 编号 阶段，或 信息项=值",
                "what must hold: a state, refused CODE, CLOCK AMOUNT, segments …, timer …, holder PERSON, force TASK-FORCE, lane LANE, urged TIMES, order NUMBER STAGE, or FACT=VALUE",
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
                // A workflow may have a state of these names; then nothing follows it.
                "missing" | "现缺" if self.peek().and_then(Token::word).is_some() => {
                    self.missing()?
                }
                "deferred" | "容缺中" if self.peek().and_then(Token::word).is_some() => {
                    self.deferred()?
                }
                "holder" | "承办人" if self.peek().and_then(Token::word).is_some() => {
                    let who = self
                        .word("人员，或 nobody 无人", "a person, or nobody")?
                        .value;
                    let nobody = matches!(who.as_str(), "nobody" | "无人");
                    Expectation::Holder((!nobody).then_some(who))
                }
                "force" | "专班" if self.peek().and_then(Token::word).is_some() => {
                    let force = self.word("专班，或 nobody 无", "a task force, or nobody")?;
                    let nobody = matches!(force.value.as_str(), "nobody" | "无");
                    Expectation::Force((!nobody).then_some(force.value))
                }
                "lane" | "通道" if self.peek().and_then(Token::word).is_some() => {
                    let lane = self.word("fast 或 ordinary", "fast or ordinary")?;
                    match lane.value.as_str() {
                        "fast" | "快车道" => Expectation::Fast(true),
                        "ordinary" | "普通" => Expectation::Fast(false),
                        _ => {
                            return Err(self.fault_at(
                                lane.column,
                                "通道是 fast 快车道 或 ordinary 普通。",
                                "A lane is fast or ordinary.",
                            ));
                        }
                    }
                }
                "urged" | "已催" if self.number().is_some() => {
                    let times = self.number().unwrap_or_default();
                    self.next += 1;
                    Expectation::Urged(times)
                }
                "order" | "督办单" if self.number().is_some() => self.order()?,
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

    /// Returns the number that comes next, if one does.
    fn number(&self) -> Option<u32> {
        self.peek().and_then(Token::word)?.parse().ok()
    }

    fn order(&mut self) -> Result<Expectation, ScenarioFault> {
        let number = self.number().unwrap_or_default();
        self.next += 1;
        let missing = self.fault(
            "此处应为督办单的阶段：待签收、待反馈、待复核、待销号、已销号。",
            "Here is expected how far the order is: issued, signed, answered, reviewed or closed.",
        );
        let word = self.word("督办单的阶段", "how far the order is")?;
        Ok(Expectation::Order(
            number,
            stage(&word.value).ok_or(missing)?,
        ))
    }

    pub(super) fn refused(&mut self) -> Result<Expectation, ScenarioFault> {
        let code = self
            .word(
                "拒绝代码，如 gate-closed",
                "the code of a refusal, such as gate-closed",
            )?
            .value;
        let words = std::iter::from_fn(|| self.quoted()).collect();
        Ok(Expectation::Refused { code, words })
    }

    pub(super) fn segments(&mut self) -> Result<Expectation, ScenarioFault> {
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

    pub(super) fn late(&mut self) -> Result<Expectation, ScenarioFault> {
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

    fn missing(&mut self) -> Result<Expectation, ScenarioFault> {
        let mut documents = Vec::new();
        if !self.keyword(["nothing", "无"]) {
            loop {
                documents.push(self.word("材料名称，或 无", "the name of a document, or nothing")?);
                if !self.take_comma() {
                    break;
                }
            }
        }
        Ok(Expectation::Missing { documents })
    }

    fn deferred(&mut self) -> Result<Expectation, ScenarioFault> {
        let document = self.word("材料名称", "the name of a document")?;
        if !self.keyword(["due", "到期"]) {
            return Err(self.fault("此处应为 到期 与时间。", "Here is expected due and a time."));
        }
        let due = self.moment(None)?;
        Ok(Expectation::Deferred { document, due })
    }

    pub(super) fn state_or_clock(&mut self, name: String) -> Result<Expectation, ScenarioFault> {
        let (mut amount, mut office) = (None, None);
        let (mut since, mut due) = (None, None);
        let mut standing = Vec::new();
        while let Some(word) = self.peek().and_then(Token::word) {
            if let Some(word) = Standing::named(word) {
                standing.push(word);
                self.next += 1;
            } else if word == "office" || word == "办公" {
                self.next += 1;
                office = Some(self.amount()?);
            } else if word == "since" || word == "起算" {
                self.next += 1;
                since = Some(self.moment(None)?);
            } else if word == "due" || word == "到期" {
                self.next += 1;
                due = Some(self.moment(None)?);
            } else if amount.is_none() && amount::parse(word).is_some() {
                amount = Some(self.amount()?);
            } else {
                break;
            }
        }
        let instants = since.is_some() || due.is_some();
        if amount.is_none() && office.is_none() && standing.is_empty() && !instants {
            return Ok(Expectation::In(name));
        }
        Ok(Expectation::Clock {
            clock: name,
            amount,
            office,
            standing,
            since,
            due,
        })
    }

    /// Takes an amount: one word, or several that add up, such as `5h 0.001s`.
    pub(super) fn amount(&mut self) -> Result<Used, ScenarioFault> {
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
