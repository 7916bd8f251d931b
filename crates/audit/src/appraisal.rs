//! Teams appraised: what each has attracted of what it pledged, and its points, project by project.

use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{AppraisalRules, Case, CaseId, District, Team, Text, Value, Workflow};
use serde::Serialize;

/// How the teams of a district stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Appraisal {
    /// Name of the district.
    pub district: String,
    /// Title of the rules.
    pub rules: Text,
    /// The clause of the plan they rest on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Version of the rules.
    pub rules_version: u32,
    /// The last day that counts, where the workflow is at home.
    pub until: String,
    /// Every team, in the order of the register.
    pub teams: Vec<TeamStanding>,
    /// Projects that no team is credited with, and why.
    pub uncredited: Vec<Uncredited>,
}

/// How a team stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeamStanding {
    /// Its code.
    pub code: String,
    /// The team, with its pledge.
    #[serde(flatten)]
    pub team: Team,
    /// What its projects come to, in yuan.
    pub attracted: i64,
    /// Its points, in hundredths.
    pub hundredths: i64,
    /// The projects, each once, in the order in which they earned their points.
    pub projects: Vec<Credit>,
}

/// A project that a team is credited with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Credit {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// When it earned its points.
    pub since: Timestamp,
    /// Its amount, in yuan.
    pub yuan: i64,
    /// Its points, in hundredths.
    pub hundredths: i64,
    /// Why so many.
    pub because: Text,
}

impl TeamStanding {
    /// Returns its points as they are said: `24.5`.
    #[must_use]
    pub fn points(&self) -> String {
        points(self.hundredths)
    }
}

impl Credit {
    /// Returns its points as they are said: `24.5`.
    #[must_use]
    pub fn points(&self) -> String {
        points(self.hundredths)
    }
}

/// Hundredths of a point as points: 3000 as `30`, 2450 as `24.5`.
fn points(hundredths: i64) -> String {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    match part {
        0 => whole.to_string(),
        part if part % 10 == 0 => format!("{whole}.{}", part / 10),
        part => format!("{whole}.{part:02}"),
    }
}

/// A project that no team is credited with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Uncredited {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Why.
    pub why: Text,
}

/// Returns when a case first reached the state that earns points, and on which day where its workflow is at home.
pub(crate) fn day_reached(
    rules: &AppraisalRules,
    workflow: &Workflow,
    case: &Case,
) -> Option<(Timestamp, String)> {
    let first = case.stays.get(&rules.reached)?.first()?.from;
    let day = first.in_zone(workflow.calendar.tz()).format("%Y-%m-%d");
    (workflow.name == rules.workflow).then(|| (first, day.to_string()))
}

/// Appraises the teams of a district by these cases, up to the end of a day (`2023-04-20`).
///
/// A project earns its points once, when it first reaches the state the rules name, if that is no
/// earlier than the day they came into force. Each case comes once, with its workflow.
pub fn appraisal<'a>(
    district: &District,
    cases: impl IntoIterator<Item = (&'a Workflow, &'a Case)>,
    until: &str,
) -> Appraisal {
    let rules = &district.appraisal;
    let mut appraisal = Appraisal {
        district: district.name.clone(),
        rules: rules.title.clone(),
        clause: rules.clause.clone(),
        rules_version: rules.version,
        until: until.to_owned(),
        teams: district
            .teams
            .iter()
            .map(|(code, team)| TeamStanding {
                code: code.clone(),
                team: team.clone(),
                attracted: 0,
                hundredths: 0,
                projects: Vec::new(),
            })
            .collect(),
        uncredited: Vec::new(),
    };
    for (workflow, case) in cases {
        let Some((since, day)) = day_reached(rules, workflow, case) else {
            continue;
        };
        if day.as_str() < rules.in_force.as_str() || day.as_str() > until {
            continue;
        }
        match credit(district, case, since) {
            Ok((code, credit)) => {
                if let Some(team) = appraisal.teams.iter_mut().find(|team| team.code == code) {
                    team.attracted = team.attracted.saturating_add(credit.yuan);
                    team.hundredths = team.hundredths.saturating_add(credit.hundredths);
                    team.projects.push(credit);
                }
            }
            Err(why) => appraisal.uncredited.push(Uncredited {
                case: case.id,
                number: case.number.clone(),
                title: case.title.clone(),
                why,
            }),
        }
    }
    for team in &mut appraisal.teams {
        team.projects
            .sort_by_key(|credit| (credit.since, credit.case));
    }
    let uncredited = &mut appraisal.uncredited;
    uncredited.sort_by(|one, other| one.number.cmp(&other.number));
    appraisal
}

/// The team a project is credited to, and what it earns.
fn credit<'c>(
    district: &District,
    case: &'c Case,
    since: Timestamp,
) -> Result<(&'c str, Credit), Text> {
    let rules = &district.appraisal;
    let unknown =
        |name: &str| Text::new(format!("未填写 `{name}`"), format!("`{name}` is not known"));
    let Some(Value::Text(code)) = case.data.get(&rules.team) else {
        return Err(unknown(&rules.team));
    };
    if !district.teams.contains_key(code) {
        return Err(Text::new(
            format!("登记册没有队伍 `{code}`"),
            format!("The register has no team `{code}`"),
        ));
    }
    let Some(Value::Integer(yuan)) = case.data.get(&rules.amount) else {
        return Err(unknown(&rules.amount));
    };
    let points = rules.points(case)?;
    let credit = Credit {
        case: case.id,
        number: case.number.clone(),
        title: case.title.clone(),
        since,
        yuan: *yuan,
        hundredths: points.hundredths,
        because: points.because,
    };
    Ok((code, credit))
}
