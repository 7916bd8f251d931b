//! What leaders, chains and officials on training have brought, by the register of a district.

use groundbreak_audit::register;
use groundbreak_workflow::sla::Timestamp;
use groundbreak_workflow::{
    Act, Actor, Case, CaseId, Command, CommandId, Data, District, Library, Value, Workflow,
    compile_district, decide,
};

const HALL: &str = "\
id: hall
tz: Asia/Shanghai
weekly: { mon: [['09:00', '17:00']] }
";

const PROJECT: &str = "\
workflow: project
version: 1
title: { zh: 项目, en: Project }
calendar: hall
data:
  amount: { title: { zh: 投资额, en: Amount }, type: money, required: true }
  team: { title: { zh: 队伍, en: Team }, type: text }
  sponsor: { title: { zh: 挂点领导, en: Leader }, type: text }
  industry: { title: { zh: 行业, en: Industry }, type: text }
  source: { title: { zh: 来源, en: Source }, type: choice, choices: { trip: { zh: 出访, en: Trip }, trainees: { zh: 实训干部, en: Trainees } } }
roles:
  officer: { title: { zh: 专员, en: Officer } }
events:
  land: { title: { zh: 落地, en: Land }, by: [officer] }
states:
  talks: { title: { zh: 洽谈, en: Talks }, on: { land: landed } }
  landed: { title: { zh: 已落地, en: Landed }, final: true }
";

const DISTRICT: &str = r#"
district: example
version: 1
title: { zh: 示例区, en: Example }
division: "440703"
parent: "440700"
organisations: { office: { zh: 区政府, en: District government } }
plan: { title: { zh: 方案, en: Plan }, year: 2023, clauses: { leaders: { zh: 每人一个, en: One each } } }
leaders:
  head: { title: { zh: 区长, en: District head }, organisation: office, kind: principal }
  deputy: { title: { zh: 副区长, en: Deputy head }, organisation: office, kind: in_charge }
leader_quota: { clause: leaders, leader: sponsor, over: 2000000000, need: 1 }
lead_source: source
rosters: { first: { title: { zh: 实训干部, en: Trainees }, batch: 1, count: 19, days: 100, source: trainees } }
chains:
  industry: industry
  groups: { emerging: { zh: 新兴, en: Emerging } }
  list:
    food: { title: { zh: 食品, en: Food }, groups: [emerging], classes: [C13, C14] }
    dairy: { title: { zh: 乳业, en: Dairy }, groups: [emerging], classes: [C144] }
aliases: { 中央厨房基地: [预制菜产业园] }
targets: { base: 1, stretch: 2 }
teams_total: 1
team_kinds: { town: { title: { zh: 镇街, en: Town }, count: 1 } }
teams: { east: { title: { zh: 东镇, en: East }, kind: town, pledge: 1 } }
appraisal:
  version: 1
  title: { zh: 办法, en: Rules }
  clause: leaders
  in_force: 2023-01-01
  workflow: project
  reached: landed
  team: team
  amount: amount
  classes: [{ title: { zh: 项目, en: Project }, when: data.amount > 0, points: 1 }]
"#;

const YI: i64 = 100_000_000;

struct Book {
    workflow: std::sync::Arc<Workflow>,
    district: District,
    cases: Vec<Case>,
}

impl Book {
    fn new() -> Self {
        let mut library = Library::new();
        library.add_calendar(HALL).unwrap();
        let workflow = library.add_workflow(PROJECT).unwrap();
        let district = compile_district(DISTRICT, [workflow.as_ref()]).unwrap();
        Self {
            workflow,
            district,
            cases: Vec::new(),
        }
    }

    /// Adds a project of so many 亿元 that is opened on a day of March 2023, and lands the day after if it is to.
    fn project(&mut self, title: &str, yi: i64, day: u32, lands: bool, facts: &[(&str, &str)]) {
        let number = self.cases.len() + 1;
        let id: CaseId = format!("0187{number:04x}-0000-7000-8000-0000{number:08x}")
            .parse()
            .unwrap();
        let mut data: Data = facts
            .iter()
            .map(|(fact, value)| ((*fact).to_owned(), Value::from(*value)))
            .collect();
        data.insert("amount".to_owned(), (yi * YI).into());
        data.insert("team".to_owned(), "east".into());
        let open = Act::Open {
            workflow: "project".to_owned(),
            version: None,
            title: title.to_owned(),
            data,
        };
        let mut case = self.decide(None, id, open, day);
        if lands {
            let land = Act::Fire {
                event: "land".to_owned(),
                data: Data::new(),
                note: None,
            };
            case = self.decide(Some(&case), id, land, day + 1);
        }
        self.cases.push(case);
    }

    fn decide(&self, case: Option<&Case>, id: CaseId, act: Act, day: u32) -> Case {
        let now: Timestamp = format!("2023-03-{day:02}T10:00:00+08:00").parse().unwrap();
        let command = Command {
            id: CommandId::derived(id.0, &day.to_string()),
            case: id,
            actor: Actor::new("o", "Officer", "officer"),
            seen_revision: None,
            effective_at: None,
            act,
        };
        decide(&self.workflow, case, &command, now).unwrap().case
    }

    fn standing(&self, until: &str) -> groundbreak_audit::RegisterStanding {
        let cases = self.cases.iter().map(|case| (self.workflow.as_ref(), case));
        register(&self.district, cases, until)
    }
}

#[test]
fn a_leader_has_met_the_quota_by_a_project_of_more_than_the_amount_and_not_of_just_it() {
    let mut book = Book::new();
    book.project("正好二十亿", 20, 1, true, &[("sponsor", "副区长")]);
    book.project("二十一亿", 21, 2, true, &[("sponsor", "head")]);
    book.project("未落地", 30, 3, false, &[("sponsor", "deputy")]);
    book.project("无人挂点", 22, 4, true, &[]);
    book.project("写错岗位", 22, 5, true, &[("sponsor", "局长")]);
    let standing = book.standing("2023-03-31");
    let leaders: Vec<(&str, usize, bool)> = standing
        .leaders
        .iter()
        .map(|leader| (leader.code.as_str(), leader.projects.len(), leader.met))
        .collect();
    assert_eq!(leaders, [("head", 1, true), ("deputy", 1, false)]);
    let without: Vec<&str> = standing
        .without_leader
        .iter()
        .map(|project| project.title.as_str())
        .collect();
    assert_eq!(without, ["无人挂点", "写错岗位"]);
    assert_eq!(standing.attracted, 85 * YI);
    // The day before the last two had landed.
    assert_eq!(book.standing("2023-03-04").attracted, 41 * YI);
}

#[test]
fn a_project_counts_in_every_chain_its_class_belongs_to() {
    let mut book = Book::new();
    book.project("液态奶", 30, 1, true, &[("industry", "C1440")]);
    book.project("预制菜", 10, 2, true, &[("industry", "C1399")]);
    book.project("机械", 5, 3, true, &[("industry", "C3599")]);
    let standing = book.standing("2023-03-31");
    let chains: Vec<(&str, usize, i64)> = standing
        .chains
        .iter()
        .map(|chain| (chain.name.as_str(), chain.projects.len(), chain.yuan))
        .collect();
    assert_eq!(chains, [("food", 2, 40 * YI), ("dairy", 1, 30 * YI)]);
}

#[test]
fn leads_are_counted_for_who_brought_them_from_the_day_they_were_opened() {
    let mut book = Book::new();
    book.project("线索一", 1, 1, false, &[("source", "trainees")]);
    book.project("线索二", 1, 9, false, &[("source", "trainees")]);
    book.project("线索三", 1, 2, false, &[("source", "trip")]);
    for (until, leads) in [("2023-03-08", 1), ("2023-03-09", 2)] {
        assert_eq!(book.standing(until).rosters[0].leads.len(), leads);
    }
}

#[test]
fn a_project_that_goes_by_two_names_is_shown_by_the_one_that_is_kept() {
    let mut book = Book::new();
    book.project("预制菜产业园", 21, 1, true, &[("sponsor", "head")]);
    let standing = book.standing("2023-03-31");
    assert_eq!(standing.leaders[0].projects[0].title, "中央厨房基地");
    assert_eq!(book.district.kept_name("别的项目"), "别的项目");
}
