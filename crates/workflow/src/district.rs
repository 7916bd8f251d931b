//! The register of a district: organisations, teams, targets, pledges, events, and the rules by
//! which teams are appraised, as versioned data.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{FieldType, is_date};
use crate::definition::Named;
use crate::facts::Facts;
use crate::form::{self, Read};
use crate::guard::{Guard, GuardError};
use crate::measure::{Quantity, Saying, SayingUnit, guard_of};
use crate::schema::DISTRICT;
use crate::source::{At, check_length, parse};
use crate::suggest::nearest;
use crate::{Case, Diagnostic, Text, Workflow};

mod check;
mod people;
mod plan;

pub use people::{Leader, LeaderKind, LeaderQuota, Outing, Outings, Roster};
use people::{LeaderDefinition, OutingsDefinition, QuotaDefinition, RosterDefinition};
pub use plan::{Chain, Chains, Plan};
use plan::{ChainsDefinition, PlanDefinition};

/// A register as it is written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistrictDefinition {
    /// Name of the district: lower-case words joined by hyphens.
    district: At<String>,
    /// Version, from 1.
    version: At<u32>,
    /// Title, as screens show it.
    title: Text,
    /// Its division code (GB/T 2260), six digits.
    division: At<String>,
    /// The code of the division around it.
    parent: At<String>,
    /// Organisations, by name.
    #[serde(default)]
    organisations: IndexMap<String, Text>,
    /// What the district is to attract in the year, in whole yuan.
    targets: TargetsDefinition,
    /// How many teams there are in all.
    teams_total: At<u32>,
    /// Kinds of teams, and how many there are of each.
    team_kinds: Named<TeamKindDefinition>,
    /// Teams, by their code.
    teams: Named<TeamDefinition>,
    /// Events: ceremonies, conferences and trips, by their code.
    #[serde(default)]
    events: Named<EventDefinition>,
    /// The work plan of the year.
    #[serde(default)]
    plan: Option<PlanDefinition>,
    /// Leaders by post, by their code.
    #[serde(default)]
    leaders: Named<LeaderDefinition>,
    /// What each leader is to bring.
    #[serde(default)]
    leader_quota: Option<QuotaDefinition>,
    /// The fact of a project that says who brought the lead.
    #[serde(default)]
    lead_source: Option<At<String>>,
    /// Officials on training, by the code of their batch.
    #[serde(default)]
    rosters: Named<RosterDefinition>,
    /// Trips outwards (走出去).
    #[serde(default)]
    trips: Option<OutingsDefinition>,
    /// Courses and study visits.
    #[serde(default)]
    courses: Option<OutingsDefinition>,
    /// Industry chains.
    #[serde(default)]
    chains: Option<ChainsDefinition>,
    /// Other names that a project goes by, by the name that is kept.
    #[serde(default)]
    aliases: IndexMap<String, Vec<At<String>>>,
    /// The rules of appraisal.
    appraisal: AppraisalDefinition,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetsDefinition {
    /// The target.
    base: At<i64>,
    /// The stretch target (力争), more than the target.
    stretch: At<i64>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamKindDefinition {
    /// Title, as screens show it.
    title: Text,
    /// How many teams are of this kind.
    count: At<u32>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamDefinition {
    /// Title, as screens show it.
    title: Text,
    /// Its kind.
    kind: At<String>,
    /// What it has pledged to attract (军令状), in whole yuan.
    pledge: At<i64>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventDefinition {
    /// Title, as screens show it.
    title: Text,
    /// Its first day.
    from: At<String>,
    /// Its last day.
    to: At<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppraisalDefinition {
    /// Version, from 1.
    version: At<u32>,
    /// Title of the rules.
    title: Text,
    /// The clause of the plan it rests on.
    #[serde(default)]
    clause: Option<At<String>>,
    /// The day from which projects earn points.
    in_force: At<String>,
    /// The workflow whose cases earn points.
    workflow: At<String>,
    /// The state that earns them, once.
    reached: At<String>,
    /// The fact that names the team of a project by its code.
    team: At<String>,
    /// The fact that is its amount.
    amount: At<String>,
    /// Points of a project: the first that holds.
    classes: Vec<ClassDefinition>,
    /// What multiplies them: each that holds.
    #[serde(default)]
    tags: Vec<TagDefinition>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassDefinition {
    /// Title, as the explanation shows it.
    title: Text,
    /// The condition, in CEL.
    when: At<String>,
    /// Points.
    points: At<u32>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagDefinition {
    /// Title, as the explanation shows it.
    title: Text,
    /// The condition, in CEL.
    when: At<String>,
    /// The factor, in percent.
    percent: At<u32>,
}

/// A register that has compiled: its numbers agree.
#[derive(Clone, Debug)]
pub struct District {
    /// Its name.
    pub name: String,
    /// Version of the register.
    pub version: u32,
    /// Its title.
    pub title: Text,
    /// Its division code.
    pub division: String,
    /// Organisations, by name.
    pub organisations: IndexMap<String, Text>,
    /// The target of the year, in yuan.
    pub target: i64,
    /// The stretch target, in yuan.
    pub stretch: i64,
    /// Teams, by their code.
    pub teams: IndexMap<String, Team>,
    /// Events, by their code.
    pub events: IndexMap<String, DistrictEvent>,
    /// The work plan of the year.
    pub plan: Option<Plan>,
    /// Leaders by post, by their code.
    pub leaders: IndexMap<String, Leader>,
    /// What each leader is to bring.
    pub leader_quota: Option<LeaderQuota>,
    /// The fact of a project that says who brought the lead.
    pub lead_source: Option<String>,
    /// Officials on training, by the code of their batch.
    pub rosters: IndexMap<String, Roster>,
    /// Trips outwards.
    pub trips: Outings,
    /// Courses and study visits.
    pub courses: Outings,
    /// Industry chains.
    pub chains: Chains,
    /// The name that is kept, by each other name that a project goes by.
    pub aliases: BTreeMap<String, String>,
    /// The rules of appraisal.
    pub appraisal: AppraisalRules,
}

impl District {
    /// Returns the leader that a fact names, by code or by post.
    #[must_use]
    pub fn leader(&self, named: &str) -> Option<&str> {
        let (code, _) = self.leaders.iter().find(|(code, leader)| {
            *code == named || leader.title.zh == named || leader.title.en == named
        })?;
        Some(code)
    }

    /// Returns the name that is kept for a project, whatever name it goes by.
    #[must_use]
    pub fn kept_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }
}

/// A team of a district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Team {
    /// Its title.
    pub title: Text,
    /// Its kind.
    pub kind: String,
    /// The title of its kind.
    pub kind_title: Text,
    /// What it has pledged to attract, in yuan.
    pub pledge: i64,
}

/// An event of a district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DistrictEvent {
    /// Its title.
    pub title: Text,
    /// Its first day, `2023-03-28`.
    pub from: String,
    /// Its last day.
    pub to: String,
}

/// How projects earn points.
#[derive(Clone, Debug)]
pub struct AppraisalRules {
    /// Version of the rules.
    pub version: u32,
    /// Their title.
    pub title: Text,
    /// The clause of the plan they rest on.
    pub clause: Option<String>,
    /// The day from which projects earn points, `2023-01-16`.
    pub in_force: String,
    /// The workflow whose cases earn points.
    pub workflow: String,
    /// The state that earns them, once.
    pub reached: String,
    /// The fact that names the team of a project by its code.
    pub team: String,
    /// The fact that is its amount.
    pub amount: String,
    classes: Vec<Rule>,
    tags: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    title: Text,
    when: Guard,
    number: u32,
}

/// The points of a project, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Points {
    /// Points in hundredths: 3000 is 30 points.
    pub hundredths: i64,
    /// Why, in words: 10亿元以上重点项目 20 × 行业龙头 150% = 30.
    pub because: Text,
}

impl AppraisalRules {
    /// Returns what a case earns by its facts; nothing when no class holds. Whether it reached the
    /// state that earns points is for the caller to see.
    ///
    /// # Errors
    ///
    /// Why it cannot be said: a fact is not known.
    pub fn points(&self, case: &Case) -> Result<Points, Text> {
        let mut hundredths = 0_i64;
        let (mut zh, mut en) = (String::from("不在计分之列"), String::from("no class"));
        for class in &self.classes {
            if holds(class, case)? {
                hundredths = i64::from(class.number) * 100;
                zh = format!("{} {}", class.title.zh, class.number);
                en = format!("{} {}", class.title.en, class.number);
                break;
            }
        }
        if hundredths == 0 {
            return Ok(Points {
                hundredths,
                because: Text::new(zh, en),
            });
        }
        for tag in &self.tags {
            if holds(tag, case)? {
                hundredths = hundredths.saturating_mul(i64::from(tag.number)) / 100;
                zh.push_str(&format!(" × {} {}%", tag.title.zh, tag.number));
                en.push_str(&format!(" × {} {}%", tag.title.en, tag.number));
            }
        }
        Ok(Points {
            hundredths,
            because: Text::new(zh, en),
        })
    }
}

fn holds(rule: &Rule, case: &Case) -> Result<bool, Text> {
    let at = |state: &str| case.is_in(state);
    rule.when
        .eval(&Facts { case, at: &at })
        .map_err(|error| match error {
            GuardError::MissingField { name } => {
                Text::new(format!("未填写 `{name}`"), format!("`{name}` is not known"))
            }
            error => Text::new(error.to_string(), error.to_string()),
        })
}

/// Compiles a register against the newest version of the workflow it appraises, among these.
///
/// # Errors
///
/// Every fault, in the order of the text.
pub fn compile_district<'w>(
    source: &str,
    workflows: impl IntoIterator<Item = &'w Workflow>,
) -> Result<District, Vec<Diagnostic>> {
    check_length(source)?;
    let tree = parse(source, 0..source.len())?;
    let read: Read<DistrictDefinition> = form::read(&DISTRICT, tree)?;
    if !read.faults.is_empty() {
        return Err(read.faults);
    }
    let mut compiler = Compiler {
        definition: &read.value,
        faults: Vec::new(),
    };
    let mut newest: BTreeMap<&str, &Workflow> = BTreeMap::new();
    for workflow in workflows {
        let known = newest.entry(&workflow.name).or_insert(workflow);
        if known.version <= workflow.version {
            *known = workflow;
        }
    }
    let district = compiler.run(&newest);
    let mut faults = compiler.faults;
    match district {
        Some(district) if faults.is_empty() => Ok(district),
        _ => {
            faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
            Err(faults)
        }
    }
}

struct Compiler<'a> {
    definition: &'a DistrictDefinition,
    faults: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn run(&mut self, workflows: &BTreeMap<&str, &Workflow>) -> Option<District> {
        let definition = self.definition;
        for code in [&definition.division, &definition.parent] {
            if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
                self.fault(
                    "bad-division",
                    &code.span,
                    Text::new(
                        format!("`{code}` 不是行政区划代码。"),
                        format!("`{code}` is no division code."),
                    ),
                    Text::new(
                        "请写六位数字，加引号，如 `\"440703\"`。",
                        "Write six digits in quotes, such as `\"440703\"`.",
                    ),
                );
            }
        }
        self.check_teams();
        self.check_targets();
        for event in definition.events.values() {
            self.check_date(&event.from);
            self.check_date(&event.to);
        }
        self.check_date(&definition.appraisal.in_force);
        let appraisal = self.appraisal(workflows)?;
        let workflow = workflows.get(appraisal.workflow.as_str()).copied()?;
        let leader_quota = self.leader_quota(workflow);
        self.check_leaders();
        self.check_clause(definition.appraisal.clause.as_ref());
        self.check_rosters(workflow);
        self.check_aliases();
        let trips = self.outings(definition.trips.as_ref());
        let courses = self.outings(definition.courses.as_ref());
        let chains = self.chains(workflow);
        let plan = definition.plan.as_ref().map(|plan| Plan {
            title: plan.title.clone(),
            year: plan.year.value,
            clauses: plan.clauses.clone(),
        });
        let leaders = definition.leaders.iter().filter_map(|(code, leader)| {
            let leader = Leader {
                title: leader.title.clone(),
                organisation: definition
                    .organisations
                    .get(&leader.organisation.value)?
                    .clone(),
                kind: leader.kind,
            };
            Some((code.value.clone(), leader))
        });
        let rosters = definition.rosters.iter().map(|(code, roster)| {
            let roster = Roster {
                title: roster.title.clone(),
                batch: roster.batch.value,
                count: roster.count.value,
                days: roster.days.value,
                source: roster.source.value.clone(),
            };
            (code.value.clone(), roster)
        });
        let aliases = definition.aliases.iter().flat_map(|(kept, others)| {
            others
                .iter()
                .map(|other| (other.value.clone(), kept.clone()))
        });
        let teams = definition.teams.iter().filter_map(|(code, team)| {
            let kind = definition.team_kinds.get(&team.kind)?;
            let team = Team {
                title: team.title.clone(),
                kind: team.kind.value.clone(),
                kind_title: kind.title.clone(),
                pledge: team.pledge.value,
            };
            Some((code.value.clone(), team))
        });
        let events = definition.events.iter().map(|(code, event)| {
            let event = DistrictEvent {
                title: event.title.clone(),
                from: event.from.value.clone(),
                to: event.to.value.clone(),
            };
            (code.value.clone(), event)
        });
        Some(District {
            name: definition.district.value.clone(),
            version: definition.version.value,
            title: definition.title.clone(),
            division: definition.division.value.clone(),
            organisations: definition.organisations.clone(),
            target: definition.targets.base.value,
            stretch: definition.targets.stretch.value,
            teams: teams.collect(),
            events: events.collect(),
            plan,
            leaders: leaders.collect(),
            leader_quota,
            lead_source: definition
                .lead_source
                .as_ref()
                .map(|fact| fact.value.clone()),
            rosters: rosters.collect(),
            trips,
            courses,
            chains,
            aliases: aliases.collect(),
            appraisal,
        })
    }

    fn fault(&mut self, code: &'static str, span: &Range<usize>, message: Text, help: Text) {
        self.faults
            .push(Diagnostic::new(code, span.clone(), message).with_help(help));
    }

    fn check_date(&mut self, date: &At<String>) {
        if !is_date(date) {
            self.fault(
                "bad-cut-off",
                &date.span,
                Text::new(
                    format!("`{date}` 不是日期。"),
                    format!("`{date}` is no date."),
                ),
                Text::new("请写作 `2023-04-20`。", "Write it like `2023-04-20`."),
            );
        }
    }

    /// Checks that the teams are as many as is said of each kind, and the kinds as many as in all.
    fn check_teams(&mut self) {
        let definition = self.definition;
        for team in definition.teams.values() {
            if definition.team_kinds.contains_key(&team.kind) {
                continue;
            }
            let known = definition.team_kinds.keys().map(|kind| kind.value.as_str());
            let kind = &team.kind;
            let help = match nearest(kind, known.clone()) {
                Some(meant) => Text::new(
                    format!("是否指 `{meant}`？"),
                    format!("Did you mean `{meant}`?"),
                ),
                None => {
                    let known: Vec<&str> = known.collect();
                    Text::new(
                        format!("已声明的有：{}。", known.join("、")),
                        format!("Declared are: {}.", known.join(", ")),
                    )
                }
            };
            self.fault(
                "teams-differ",
                &kind.span,
                Text::new(
                    format!("没有声明队伍类别 `{kind}`。"),
                    format!("There is no kind of team `{kind}`."),
                ),
                help,
            );
        }
        let mut counts = Vec::new();
        for (name, kind) in &definition.team_kinds {
            let teams = definition.teams.values();
            let found = teams.filter(|team| team.kind.value == name.value).count();
            let wanted = kind.count.value;
            counts.push(wanted.to_string());
            if u32::try_from(found) != Ok(wanted) {
                self.fault(
                    "teams-differ",
                    &kind.count.span,
                    Text::new(
                        format!("`{name}` 应有 {wanted} 支，列出 {found} 支。"),
                        format!("`{name}` is to have {wanted} teams; {found} are listed."),
                    ),
                    Text::new(
                        "请补齐队伍，或改 `count`。",
                        "List the teams that are missing, or change `count`.",
                    ),
                );
            }
        }
        let kinds = definition.team_kinds.values();
        let sum: u64 = kinds.map(|kind| u64::from(kind.count.value)).sum();
        if sum != u64::from(definition.teams_total.value) {
            let (total, counts) = (definition.teams_total.value, counts.join(" + "));
            self.fault(
                "teams-differ",
                &definition.teams_total.span,
                Text::new(
                    format!("{counts} = {sum}，不等于 {total}。"),
                    format!("{counts} = {sum}, which is not {total}."),
                ),
                Text::new(
                    "请核对总数和各类的 `count`。",
                    "Look at the total, and at `count` of each kind.",
                ),
            );
        }
    }

    /// Checks that the stretch target is the higher one, and that the pledges reach the target.
    fn check_targets(&mut self) {
        let definition = self.definition;
        let targets = &definition.targets;
        if targets.base.value <= 0 || targets.stretch.value <= targets.base.value {
            self.fault(
                "targets-differ",
                &targets.stretch.span,
                Text::new(
                    "目标应大于零，力争目标应高于目标。",
                    "A target is more than zero, and the stretch target more than that.",
                ),
                Text::new("请写整元。", "Write whole yuan."),
            );
        }
        let pledges = definition.teams.values().map(|team| team.pledge.value);
        let pledged: i128 = pledges.map(i128::from).sum();
        if pledged < i128::from(targets.base.value) {
            self.fault(
                "targets-differ",
                &targets.base.span,
                Text::new(
                    format!(
                        "各队军令状合计 {pledged} 元，不到目标 {} 元。",
                        targets.base
                    ),
                    format!(
                        "The teams have pledged {pledged} yuan together, which is less than the target of {}.",
                        targets.base
                    ),
                ),
                Text::new(
                    "请提高 `pledge`，或改目标。",
                    "Raise a `pledge`, or change the target.",
                ),
            );
        }
    }

    fn appraisal(&mut self, workflows: &BTreeMap<&str, &Workflow>) -> Option<AppraisalRules> {
        let rules = &self.definition.appraisal;
        let Some(workflow) = workflows.get(rules.workflow.as_str()).copied() else {
            let known: Vec<&str> = workflows.keys().copied().collect();
            let name = &rules.workflow;
            self.fault(
                "unknown-workflow",
                &name.span,
                Text::new(
                    format!("没有流程 `{name}`。"),
                    format!("There is no workflow `{name}`."),
                ),
                Text::new(
                    format!("已有的为：{}。", known.join("、")),
                    format!("There are: {}.", known.join(", ")),
                ),
            );
            return None;
        };
        let state = &rules.reached;
        if !workflow.states.contains_key(&state.value) {
            let known = workflow.states.keys().map(String::as_str);
            let help = match nearest(state, known) {
                Some(meant) => Text::new(
                    format!("是否指 `{meant}`？"),
                    format!("Did you mean `{meant}`?"),
                ),
                None => Text::new("请写该流程的状态名。", "Name a state of the workflow."),
            };
            self.fault(
                "unknown-state",
                &state.span,
                Text::new(
                    format!("没有状态 `{state}`。"),
                    format!("There is no state `{state}`."),
                ),
                help,
            );
        }
        for (name, kind) in [
            (&rules.team, FieldType::Text),
            (&rules.amount, FieldType::Money),
        ] {
            let field = workflow.fields.get(&name.value);
            if field.is_none_or(|field| field.kind != kind) {
                self.fault(
                    "unknown-field",
                    &name.span,
                    Text::new(
                        format!("流程没有这样的信息项 `{name}`。"),
                        format!("The workflow has no such fact `{name}`."),
                    ),
                    Text::new(
                        "队伍取文字类型的信息项，金额取 money 类型的。",
                        "The team is a fact of the type text, the amount one of the type money.",
                    ),
                );
            }
        }
        let classes = rules
            .classes
            .iter()
            .map(|class| (&class.title, &class.when, class.points.value));
        let tags = rules
            .tags
            .iter()
            .map(|tag| (&tag.title, &tag.when, tag.percent.value));
        let mut rule =
            |(title, when, number): (&Text, &At<String>, u32)| match guard_of(when, workflow) {
                Ok(when) => Some(Rule {
                    title: title.clone(),
                    when,
                    number,
                }),
                Err(faults) => {
                    self.faults.extend(faults);
                    None
                }
            };
        Some(AppraisalRules {
            version: rules.version.value,
            title: rules.title.clone(),
            clause: rules.clause.as_ref().map(|clause| clause.value.clone()),
            in_force: rules.in_force.value.clone(),
            workflow: rules.workflow.value.clone(),
            reached: rules.reached.value.clone(),
            team: rules.team.value.clone(),
            amount: rules.amount.value.clone(),
            classes: classes.filter_map(&mut rule).collect(),
            tags: tags.filter_map(&mut rule).collect(),
        })
    }
}
