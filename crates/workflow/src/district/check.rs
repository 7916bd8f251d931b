//! What the parts of a register owe one another.

use super::{
    At, BTreeSet, Chain, Chains, Compiler, FieldType, IndexMap, LeaderQuota, Outing, Outings,
    OutingsDefinition, Quantity, Saying, SayingUnit, Text, Workflow, nearest,
};

impl Compiler<'_> {
    /// Reports what does not agree with the rest of the register.
    fn differs(&mut self, at: &At<String>, message: Text, help: Text) {
        self.fault("register-differs", &at.span, message, help);
    }

    /// Reports a name that is not there, with the one it may have meant.
    fn unknown(&mut self, (zh, en): (&str, &str), name: &At<String>, known: &[&str]) {
        let help = match nearest(name, known.iter().copied()) {
            Some(meant) => Text::new(
                format!("是否指 `{meant}`？"),
                format!("Did you mean `{meant}`?"),
            ),
            None => Text::new(
                format!("已有的为：{}。", known.join("、")),
                format!("There are: {}.", known.join(", ")),
            ),
        };
        let message = Text::new(
            format!("没有{zh} `{name}`。"),
            format!("There is no {en} `{name}`."),
        );
        self.differs(name, message, help);
    }

    pub(super) fn check_clause(&mut self, clause: Option<&At<String>>) {
        let plan = self.definition.plan.as_ref();
        let known: Vec<&str> = plan
            .map(|plan| plan.clauses.keys().map(String::as_str).collect())
            .unwrap_or_default();
        if let Some(clause) = clause.filter(|clause| !known.contains(&clause.as_str())) {
            self.unknown(("方案条款", "clause of the plan"), clause, &known);
        }
    }

    pub(super) fn check_leaders(&mut self) {
        let definition = self.definition;
        let known: Vec<&str> = definition
            .organisations
            .keys()
            .map(String::as_str)
            .collect();
        for leader in definition.leaders.values() {
            if !definition
                .organisations
                .contains_key(&leader.organisation.value)
            {
                self.unknown(("机构", "organisation"), &leader.organisation, &known);
            }
        }
    }

    pub(super) fn leader_quota(&mut self, workflow: &Workflow) -> Option<LeaderQuota> {
        let quota = self.definition.leader_quota.as_ref()?;
        self.check_clause(Some(&quota.clause));
        self.check_field(&quota.leader, workflow, |kind| kind == FieldType::Text);
        if quota.over.value <= 0 || quota.need.value == 0 {
            let message = Text::new(
                "`over` 和 `need` 应大于零。",
                "`over` and `need` are more than zero.",
            );
            let help = Text::new(
                "金额写整元，如 2000000000（20亿元）。",
                "Write the amount in whole yuan, such as 2000000000.",
            );
            self.fault("register-differs", &quota.over.span, message, help);
        }
        Some(LeaderQuota {
            clause: quota.clause.value.clone(),
            leader: quota.leader.value.clone(),
            over: quota.over.value,
            need: quota.need.value,
        })
    }

    fn check_field(
        &mut self,
        name: &At<String>,
        workflow: &Workflow,
        takes: impl Fn(FieldType) -> bool,
    ) {
        let field = workflow.fields.get(&name.value);
        if field.is_none_or(|field| !takes(field.kind)) {
            let known = workflow
                .fields
                .iter()
                .filter(|(_, field)| takes(field.kind));
            let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
            self.unknown(("这样的信息项", "such fact"), name, &known);
        }
    }

    pub(super) fn check_rosters(&mut self, workflow: &Workflow) {
        let definition = self.definition;
        if let Some(fact) = &definition.lead_source {
            self.check_field(fact, workflow, |kind| kind == FieldType::Choice);
        }
        for roster in definition.rosters.values() {
            let fact = definition.lead_source.as_ref();
            let field = fact.and_then(|fact| workflow.fields.get(&fact.value));
            let known: Vec<&str> = field
                .map(|field| field.choices.keys().map(String::as_str).collect())
                .unwrap_or_default();
            if !known.contains(&roster.source.as_str()) {
                self.unknown(("线索来源", "source of a lead"), &roster.source, &known);
            }
        }
    }

    pub(super) fn check_aliases(&mut self) {
        let definition = self.definition;
        let mut seen: BTreeSet<&str> = definition.aliases.keys().map(String::as_str).collect();
        for other in definition.aliases.values().flatten() {
            if !seen.insert(&other.value) {
                let message = Text::new(
                    format!("`{other}` 是两个项目的名称。"),
                    format!("`{other}` is the name of two projects."),
                );
                let help = Text::new("请去掉一处。", "Take one of them away.");
                self.differs(other, message, help);
            }
        }
    }

    /// Checks trips or courses, and adds up who took part.
    pub(super) fn outings(&mut self, written: Option<&OutingsDefinition>) -> Outings {
        let definition = self.definition;
        let Some(written) = written else {
            return Outings::default();
        };
        let mut list = IndexMap::new();
        for (code, outing) in &written.list {
            self.check_date(&outing.from);
            self.check_date(&outing.to);
            if outing.to.value < outing.from.value {
                let message = Text::new("末日早于首日。", "It ends before it begins.");
                let help = Text::new("请核对两个日期。", "Look at the two dates.");
                self.differs(&outing.to, message, help);
            }
            let teams: Vec<&str> = definition
                .teams
                .keys()
                .map(|team| team.value.as_str())
                .collect();
            for team in outing.teams.keys() {
                if !teams.contains(&team.as_str()) {
                    self.unknown(("队伍", "team"), team, &teams);
                }
            }
            let leaders: Vec<&str> = definition
                .leaders
                .keys()
                .map(|leader| leader.value.as_str())
                .collect();
            if let Some(leader) = &outing.led_by
                && !leaders.contains(&leader.as_str())
            {
                self.unknown(("领导岗位", "leader"), leader, &leaders);
            }
            let events: Vec<&str> = definition
                .events
                .keys()
                .map(|event| event.value.as_str())
                .collect();
            if let Some(event) = &outing.event
                && !events.contains(&event.as_str())
            {
                self.unknown(("活动", "event"), event, &events);
            }
            let led_by = outing.led_by.as_ref();
            let led_by = led_by.and_then(|leader| definition.leaders.get(leader));
            let outing = Outing {
                title: outing.title.clone(),
                from: outing.from.value.clone(),
                to: outing.to.value.clone(),
                teams: outing
                    .teams
                    .iter()
                    .map(|(team, persons)| (team.value.clone(), *persons))
                    .collect(),
                led_by: led_by.map(|leader| leader.title.clone()),
            };
            list.insert(code.value.clone(), outing);
        }
        let persons: u64 = list.values().map(Outing::persons).sum();
        let saying = Saying {
            unit: SayingUnit::default(),
            digits: 0,
            word: written.say.as_ref().map(|say| say.word),
            number: written.say.as_ref().map(|say| say.number.value),
        };
        let sum = Quantity::Count { cases: persons };
        if let Some(say) = written.say.as_ref().filter(|_| !saying.holds(sum)) {
            let truly = saying.true_words(sum);
            self.fault(
                "register-differs",
                &say.number.span,
                Text::new(
                    format!("各次相加为 {persons} 人次，“{}”不符。", saying.say(sum).zh),
                    format!(
                        "They come to {persons}, of which \"{}\" is not true.",
                        saying.say(sum).en
                    ),
                ),
                Text::new(
                    format!("如实的说法是“{}”；请核对各次人数。", truly.zh),
                    format!(
                        "What is true is \"{}\"; look at who took part in each.",
                        truly.en
                    ),
                ),
            );
        }
        Outings {
            list,
            persons,
            said: saying.say(sum),
        }
    }

    pub(super) fn chains(&mut self, workflow: &Workflow) -> Chains {
        let Some(written) = &self.definition.chains else {
            return Chains::default();
        };
        self.check_field(&written.industry, workflow, |kind| {
            matches!(kind, FieldType::Text | FieldType::Industry)
        });
        let known: Vec<&str> = written
            .groups
            .keys()
            .map(|group| group.value.as_str())
            .collect();
        let mut list = IndexMap::new();
        for (name, chain) in &written.list {
            for group in &chain.groups {
                if !known.contains(&group.as_str()) {
                    self.unknown(("产业类别", "group of chains"), group, &known);
                }
            }
            for class in &chain.classes {
                let mut letters = class.chars();
                let good = letters
                    .next()
                    .is_some_and(|letter| letter.is_ascii_uppercase())
                    && class.len() <= 5
                    && letters.all(|digit| digit.is_ascii_digit());
                if !good {
                    let message = Text::new(
                        format!("`{class}` 不是国民经济行业代码的开头。"),
                        format!("`{class}` does not begin a class of GB/T 4754."),
                    );
                    let help = Text::new(
                        "请写门类字母和至多四位数字，如 `C14`、`C3855`。",
                        "Write the letter and up to four digits, such as `C14` or `C3855`.",
                    );
                    self.differs(class, message, help);
                }
            }
            let groups = chain
                .groups
                .iter()
                .filter_map(|group| written.groups.get(group));
            let chain = Chain {
                title: chain.title.clone(),
                groups: groups.cloned().collect(),
                classes: chain
                    .classes
                    .iter()
                    .map(|class| class.value.clone())
                    .collect(),
            };
            list.insert(name.value.clone(), chain);
        }
        Chains {
            industry: written.industry.value.clone(),
            list,
        }
    }
}
