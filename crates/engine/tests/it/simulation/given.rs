//! A permit: two lanes side by side, delays, a clock, a gate, a document.

use crate::given::CALENDAR;

pub(crate) const WORKFLOW: &str = "
workflow: permit
version: 1
title: { zh: 许可, en: Permit }
calendar: hall
data:
  spaces: { title: { zh: 车位数, en: Spaces }, type: integer }
roles:
  clerk: { title: { zh: 窗口, en: Clerk }, may_record_late: true }
  approver: { title: { zh: 审批人, en: Approver }, not_same_person_as: [clerk] }
documents:
  form: { title: { zh: 申请表, en: Form }, class: main }
gates:
  space_left: { title: { zh: 尚有车位, en: There is space left }, when: data.spaces > 1 }
events:
  submit: { title: { zh: 提交, en: Submit }, by: [clerk], asks: [spaces] }
  survey: { title: { zh: 查看, en: Survey }, by: [clerk] }
  pay: { title: { zh: 缴费, en: Pay }, by: [clerk] }
  approve: { title: { zh: 批准, en: Approve }, by: [approver] }
  send_back: { title: { zh: 退回, en: Send back }, by: [approver] }
  reject: { title: { zh: 不予批准, en: Reject }, by: [approver] }
clocks:
  handling:
    title: { zh: 办理, en: Handling }
    effect: promised
    budget: within 2 working hours
    start: entering reviewing
    stop: leaving reviewing
    warn: [50%]
states:
  drafting:
    title: { zh: 填报, en: Drafting }
    on: { submit: { to: reviewing, requires: [form] } }
    after: [{ delay: 20 days, to: rejected }]
  reviewing:
    title: { zh: 审查, en: Under review }
    done: deciding
    on: { reject: rejected }
    parallel:
      place:
        title: { zh: 场地, en: Place }
        states:
          place_open:
            title: { zh: 场地待查, en: Place to be looked at }
            on: { survey: [{ to: place_good, if: data.spaces > 2 }, { to: place_visited }] }
            after: [{ delay: 30min, to: place_visited }]
          place_visited:
            title: { zh: 现场查看, en: Visit }
            on: { survey: place_good }
          place_good: { title: { zh: 场地合格, en: Place is good }, final: true }
      fee:
        title: { zh: 费用, en: Fee }
        states:
          fee_open:
            title: { zh: 待缴费, en: Fee open }
            on: { pay: fee_paid }
            after: [{ delay: 3h, to: fee_late }]
          fee_late:
            title: { zh: 逾期, en: Fee late }
            on: { pay: fee_paid }
          fee_paid: { title: { zh: 已缴费, en: Fee paid }, final: true }
  deciding:
    title: { zh: 决定, en: Decision }
    on:
      approve: { to: approved, gates: [space_left] }
      send_back: reviewing
      reject: rejected
  approved: { title: { zh: 已批准, en: Approved }, final: true }
  rejected: { title: { zh: 不予批准, en: Rejected }, final: true }
";

/// The versions of the calendar that may be published on the way.
pub(crate) const AMENDMENTS: [u32; 2] = [2, 3];

/// The calendar, with the hall closed for some hours on the first day.
pub(crate) fn amended(version: u32) -> String {
    let opens = 11 + version;
    let closed = format!(
        "exceptions:\n  '2023-03-23': {{ kind: special, hours: [['00:00', '11:00'], ['{opens}:00', '24:00']] }}\n"
    );
    CALENDAR.replace("id: hall\n", &format!("id: hall\nversion: {version}\n")) + &closed
}
