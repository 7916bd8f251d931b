//! The register of a district against its cases: what leaders, teams, chains and officials on training
//! have brought.

use groundbreak_workflow::{
    Case, CaseId, Chain, District, Leader, LeaderQuota, Outings, Plan, Roster, Text, Value,
    Workflow,
};
use serde::Serialize;

use crate::appraisal::{Appraisal, appraisal, day_reached};

/// How a district stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegisterStanding {
    /// Title of the register.
    pub title: Text,
    /// Version of the register.
    pub version: u32,
    /// The work plan of the year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The target of the year, in yuan.
    pub target: i64,
    /// The stretch target, in yuan.
    pub stretch: i64,
    /// What all projects come to, in yuan.
    pub attracted: i64,
    /// What each leader is to bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_quota: Option<LeaderQuota>,
    /// Every leader, in the order of the register.
    pub leaders: Vec<LeaderStanding>,
    /// Projects that are large enough for a leader, and name none that the register has.
    pub without_leader: Vec<Project>,
    /// Every chain, in the order of the register. One project may be in several.
    pub chains: Vec<ChainStanding>,
    /// Officials on training, and the leads they brought.
    pub rosters: Vec<RosterStanding>,
    /// Trips outwards.
    pub trips: Outings,
    /// Courses and study visits.
    pub courses: Outings,
    /// The teams.
    pub appraisal: Appraisal,
}

/// How a leader stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeaderStanding {
    /// The code.
    pub code: String,
    /// The leader.
    #[serde(flatten)]
    pub leader: Leader,
    /// The projects that name the leader.
    pub projects: Vec<Project>,
    /// How many of them count.
    pub counted: usize,
    /// Whether they are as many as are asked for.
    pub met: bool,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Project {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// What it is about, by the name the register keeps.
    pub title: String,
    /// Its amount, in yuan.
    pub yuan: i64,
}

/// How an industry chain stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainStanding {
    /// Its name.
    pub name: String,
    /// The chain.
    #[serde(flatten)]
    pub chain: Chain,
    /// Its projects.
    pub projects: Vec<Project>,
    /// What they come to, in yuan.
    pub yuan: i64,
}

/// Officials on training, and the leads they brought.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RosterStanding {
    /// The code of the batch.
    pub code: String,
    /// The batch.
    #[serde(flatten)]
    pub roster: Roster,
    /// The leads that name it as their source, by number of the case.
    pub leads: Vec<String>,
}

/// Tells how a district stands at the end of a day (`2023-04-20`).
///
/// Projects are the cases of the workflow that is appraised which had reached the state that earns points; leads are all its
/// cases that were opened by then. Each case comes once, with its workflow.
pub fn register<'a>(
    district: &District,
    cases: impl IntoIterator<Item = (&'a Workflow, &'a Case)> + Clone,
    until: &str,
) -> RegisterStanding {
    let rules = &district.appraisal;
    let of_it = cases
        .clone()
        .into_iter()
        .filter(|(workflow, _)| workflow.name == rules.workflow);
    let (mut projects, mut leads) = (Vec::new(), Vec::new());
    for (workflow, case) in of_it {
        let opened = case.opened_at.in_zone(workflow.calendar.tz());
        if opened.format("%Y-%m-%d").to_string().as_str() <= until {
            leads.push(case);
        }
        if day_reached(rules, workflow, case).is_some_and(|(_, day)| day.as_str() <= until) {
            projects.push((case, project(district, case)));
        }
    }
    projects.sort_by(|(_, one), (_, other)| one.number.cmp(&other.number));
    let quota = district.leader_quota.as_ref();
    let counts = |project: &Project| quota.is_some_and(|quota| project.yuan > quota.over);
    let leader_of = |case: &Case| {
        let named = text(case, &quota?.leader)?;
        district.leader(named)
    };
    let leaders = district.leaders.iter().map(|(code, leader)| {
        let theirs: Vec<Project> = projects
            .iter()
            .filter(|(case, _)| leader_of(case) == Some(code))
            .map(|(_, project)| project.clone())
            .collect();
        let counted = theirs.iter().filter(|project| counts(project)).count();
        LeaderStanding {
            code: code.clone(),
            leader: leader.clone(),
            met: quota.is_none_or(|quota| counted >= quota.need as usize),
            counted,
            projects: theirs,
        }
    });
    let chains = district.chains.list.iter().map(|(name, chain)| {
        let its: Vec<Project> = projects
            .iter()
            .filter(|(case, _)| {
                text(case, &district.chains.industry).is_some_and(|class| chain.has(class))
            })
            .map(|(_, project)| project.clone())
            .collect();
        ChainStanding {
            name: name.clone(),
            chain: chain.clone(),
            yuan: sum(&its),
            projects: its,
        }
    });
    let source = district.lead_source.as_ref();
    let rosters = district.rosters.iter().map(|(code, roster)| {
        let theirs = leads.iter().filter(|case| {
            source.and_then(|source| text(case, source)) == Some(roster.source.as_str())
        });
        RosterStanding {
            code: code.clone(),
            roster: roster.clone(),
            leads: theirs.map(|case| case.number.clone()).collect(),
        }
    });
    let all: Vec<Project> = projects
        .iter()
        .map(|(_, project)| project.clone())
        .collect();
    RegisterStanding {
        title: district.title.clone(),
        version: district.version,
        plan: district.plan.clone(),
        target: district.target,
        stretch: district.stretch,
        attracted: sum(&all),
        leader_quota: quota.cloned(),
        leaders: leaders.collect(),
        without_leader: projects
            .iter()
            .filter(|(case, project)| counts(project) && leader_of(case).is_none())
            .map(|(_, project)| project.clone())
            .collect(),
        chains: chains.collect(),
        rosters: rosters.collect(),
        trips: district.trips.clone(),
        courses: district.courses.clone(),
        appraisal: appraisal(district, cases, until),
    }
}

fn project(district: &District, case: &Case) -> Project {
    let yuan = match case.data.get(&district.appraisal.amount) {
        Some(Value::Integer(yuan)) => *yuan,
        _ => 0,
    };
    Project {
        case: case.id,
        number: case.number.clone(),
        title: district.kept_name(&case.title).to_owned(),
        yuan,
    }
}

fn text<'a>(case: &'a Case, fact: &str) -> Option<&'a str> {
    match case.data.get(fact)? {
        Value::Text(text) => Some(text),
        Value::Integer(_) | Value::Boolean(_) => None,
    }
}

fn sum(projects: &[Project]) -> i64 {
    let yuan = projects.iter().map(|project| project.yuan);
    yuan.fold(0, i64::saturating_add)
}
