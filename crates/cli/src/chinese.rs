//! Help in Chinese. The grammar is written in English next to each argument; this table holds the
//! same sentences for a Chinese reader, and a test compares the two.

use clap::Command;

/// Command path and argument (empty for the command itself), and what it does.
const WORDS: &[(&str, &str, &str)] = &[
    ("", "", "让一个项目走完政务服务中心的全部流程。"),
    (
        "",
        "lang",
        "帮助与提示的语言；不指定时，终端为中文环境则用中文",
    ),
    ("demo", "", "试用：带示例数据的窗口，停止后即删除"),
    (
        "demo",
        "port",
        "本机端口，0 为任意空闲端口；被占用时取下一个空闲的",
    ),
    ("demo", "data", "把数据放进这个空目录并保留"),
    ("serve", "", "以一个数据目录提供窗口页面与 HTTP 接口"),
    ("serve", "data", "数据目录，不存在则建立"),
    ("serve", "listen", "监听的地址与端口"),
    (
        "serve",
        "accounts",
        "账号文件；不指定则为数据目录中的 accounts.json",
    ),
    (
        "serve",
        "workflows",
        "叠加在自带定义之上的日历、流程与构件所在目录，其中的指标一并显示；可重复，后者优先",
    ),
    (
        "serve",
        "papers",
        "材料保存处：目录，或 s3://存储桶/目录（设置取自环境变量 AWS_…）；不指定则为数据目录中的 papers",
    ),
    ("serve", "https", "浏览器只经前置代理以 HTTPS 访问"),
    (
        "serve",
        "archive",
        "运行时持续备份到这个目录，落后不过一两秒；可用 restore 恢复",
    ),
    (
        "backup",
        "",
        "备份没有服务在用的数据目录；目录中已有备份的，只追加新的",
    ),
    ("backup", "data", "数据目录"),
    ("backup", "to", "备份目录：空的、尚不存在的，或已有的备份"),
    (
        "backup",
        "accounts",
        "账号文件；不指定则为数据目录中的 accounts.json",
    ),
    ("backup", "format", "输出形式"),
    ("restore", "", "从备份建立数据目录"),
    ("restore", "from", "备份目录"),
    ("restore", "data", "要建立的数据目录，须为空或尚不存在"),
    ("restore", "format", "输出形式"),
    (
        "doctor",
        "",
        "说明数据目录有什么问题、该怎么做；不作任何改动",
    ),
    ("doctor", "data", "数据目录"),
    ("doctor", "archive", "它的备份目录，一并核对"),
    (
        "doctor",
        "try_open",
        "在旁边复制一份并试着打开，看数据库本身是否完好；副本随后删除",
    ),
    ("doctor", "format", "输出形式"),
    ("user", "", "管理可登录的人"),
    ("user add", "", "添加账号；密码当场输入，或从标准输入读取"),
    ("user add", "accounts", "账号文件，不存在则建立"),
    ("user add", "id", "流水中的账号标识：字母、数字与 -_.@"),
    ("user add", "name", "页面上显示的姓名"),
    ("user add", "roles", "角色，用流程中的名称；可写多次"),
    ("user add", "department", "部门"),
    ("user add", "token", "不设密码，生成接口令牌并显示这一次"),
    (
        "check",
        "",
        "检查日历、流程、指标与登记册的定义，逐处指出全部错误",
    ),
    (
        "check",
        "files",
        "要检查的日历、流程、指标和登记册；不指定则检查自带的",
    ),
    ("check", "calendars", "除自带的以外，定义可用的日历所在目录"),
    ("check", "format", "输出形式"),
    ("schema", "", "输出流程定义的 JSON Schema，供编辑器使用"),
    ("import", "", "把为其他系统写的流程变为定义"),
    (
        "import digit",
        "",
        "把 DIGIT 的流程配置变为定义，并指出其中不妥之处",
    ),
    (
        "import digit",
        "file",
        "配置文件：JSON，或发送它的 curl 命令",
    ),
    ("import digit", "service", "文件中有多个业务时取哪一个"),
    ("import digit", "calendar", "定义所用的日历"),
    ("import digit", "format", "输出形式"),
    ("draw", "", "把流程画成图，或标出办件走到哪里"),
    ("draw", "workflow", "流程定义文件，或自带流程的名称"),
    ("draw", "format", "图的形式"),
    ("draw", "depth", "展开几层环节；不指定则以一页能容为度"),
    ("draw", "only", "只画这一个环节及其内部"),
    ("draw", "case", "办件编号：标出它走到哪里"),
    ("draw", "data", "该办件所在的数据目录"),
    ("draw", "calendars", "除自带的以外，定义可用的日历所在目录"),
    ("draw", "out", "写入此文件；不指定则写到标准输出"),
    (
        "replay",
        "",
        "以模拟时间在真实引擎上演练场景文件，并核对其期望",
    ),
    ("replay", "files", "要演练的场景，各用自己的数据目录"),
    (
        "replay",
        "keep",
        "把数据目录保留在此：每个场景一个，以文件名命名",
    ),
    (
        "replay",
        "workflows",
        "叠加在自带定义之上的日历、流程与构件所在目录；可重复，后者优先",
    ),
    ("replay", "format", "输出形式"),
    ("bench", "", "在本机上测量本程序"),
    (
        "bench case",
        "",
        "由许多客户端同时办理标准办件，并与磁盘的极限对照",
    ),
    (
        "bench case",
        "clients",
        "同时工作的客户端数，1 至 1024；每个数一行",
    ),
    ("bench case", "seconds", "每行测量多久；磁盘极限另测同样久"),
    (
        "bench case",
        "over",
        "客户端如何到达引擎；store 为绕过引擎，直接写入存储",
    ),
    (
        "bench case",
        "directory",
        "要测的磁盘上的目录；其中建立的内容测后删除",
    ),
    ("bench case", "format", "输出形式"),
    (
        "bench timers",
        "",
        "让许多定时器在同一刻到期，同时还有更多在等待",
    ),
    (
        "bench timers",
        "pending",
        "有多少办件带着定时器等待，1 至 10000000",
    ),
    ("bench timers", "due", "其中多少定时器在同一刻到期"),
    (
        "bench timers",
        "clients",
        "同时有多少客户端向其他办件提交命令，0 至 1024",
    ),
    (
        "bench timers",
        "directory",
        "要测的磁盘上的目录；其中建立的内容测后删除",
    ),
    ("bench timers", "format", "输出形式"),
    (
        "bench timers",
        "fill",
        "只填充这个数据目录：由测量的进程另起一个进程来做",
    ),
    (
        "bench open",
        "",
        "打开并核验有许多办件的数据目录，并给出所占内存",
    ),
    ("bench open", "cases", "目录中的办件数"),
    ("bench open", "entries", "这些办件的流水条目总数"),
    (
        "bench open",
        "inside",
        "要测的数据目录；不存在时先填入并保留；不写则用临时目录",
    ),
    ("bench open", "step", "只在本进程中做这一步"),
    ("bench open", "format", "输出形式"),
    (
        "bench replay",
        "",
        "由流水重演数据目录中的每个办件，并与从普通文件读取同样内容对照",
    ),
    ("bench replay", "cases", "目录中的办件数"),
    ("bench replay", "entries", "这些办件的流水条目总数"),
    (
        "bench replay",
        "inside",
        "要测的数据目录；不存在时先填入并保留；不写则用临时目录",
    ),
    ("bench replay", "format", "输出形式"),
    ("case", "", "在没有服务占用的数据目录上办件"),
    ("case open", "", "接件"),
    ("case open", "workflow", "流程名称"),
    ("case open", "title", "办件所涉的项目或企业"),
    ("case open", "facts", "接件时已知的事实；可写多次"),
    ("case fire", "", "向办件发送事件"),
    ("case fire", "number", "办件编号"),
    ("case fire", "event", "事件名称"),
    ("case fire", "facts", "事件带来的事实；可写多次"),
    ("case fire", "note", "备注，或补登的原因"),
    ("case attach", "", "登记已交材料；文件内容留在原处"),
    ("case attach", "number", "办件编号"),
    ("case attach", "document", "材料名称"),
    ("case attach", "file", "文件，登记其 SHA-256"),
    ("case attach", "note", "备注"),
    ("case defer", "", "容缺受理：凭书面承诺，次要材料稍后补交"),
    ("case defer", "number", "办件编号"),
    ("case defer", "documents", "材料名称"),
    ("case defer", "letter", "容缺承诺书的文号或文件名"),
    ("case defer", "note", "备注"),
    ("case extend", "", "延长一份容缺材料的补交期限"),
    ("case extend", "number", "办件编号"),
    ("case extend", "document", "材料名称"),
    (
        "case extend",
        "until",
        "须补交的时间，如 2023-04-06 17:30，按流程所在地",
    ),
    ("case extend", "reason", "为何延长"),
    ("case comment", "", "在办件流水中记一笔"),
    ("case comment", "number", "办件编号"),
    ("case comment", "text", "内容"),
    (
        "case act",
        "",
        "每个办件都可以办的：领办、转办、催办、中止、延长、更正等",
    ),
    ("case act", "number", "办件编号"),
    ("case act", "act", "动作名称"),
    ("case act", "inputs", "动作要填的内容；可写多次"),
    ("case resend", "", "重新发送一项已停止重试的发送"),
    ("case resend", "number", "办件编号"),
    ("case resend", "effect", "第几项，见办件流水"),
    ("case resend", "note", "备注"),
    ("case drop", "", "放弃一项已停止重试的发送，不再发出"),
    ("case drop", "number", "办件编号"),
    ("case drop", "effect", "第几项，见办件流水"),
    ("case drop", "reason", "为何不发"),
    ("case show", "", "查看办件：现处、下一步、时限、材料与流水"),
    ("case show", "number", "办件编号"),
    ("case show", "format", "输出形式"),
    ("case list", "", "列出办件，最急的在前"),
    ("case list", "workflow", "只列此流程的办件"),
    ("case list", "open", "只列尚未办结的"),
    (
        "case list",
        "project",
        "只列此项目代码的办件，按开办先后；含子办件和关联的办件",
    ),
    ("case list", "given_up", "只列有发送已停止重试、待人处理的"),
    ("case list", "format", "输出形式"),
    ("migrate", "", "把数据目录中的在办件迁到流程的另一版本"),
    (
        "migrate plan",
        "",
        "列出哪些在办件能迁移、哪些不能及原因；不作任何改动",
    ),
    ("migrate run", "", "迁移能迁移的在办件，其余不动"),
    ("migrate run", "by", "决定迁移的人，记入每件的流水"),
    ("migrate run", "reason", "迁移的原因，记入每件的流水"),
    ("export", "", "写出供其他系统读取的文件"),
    (
        "export exchange",
        "",
        "按工程建设项目数据共享交换标准导出项目、事项办理和状态变化，先行校验",
    ),
    ("export exchange", "data", "数据目录"),
    ("export exchange", "mapping", "上报对照表；不指定则用自带的"),
    (
        "export exchange",
        "to",
        "写入的目录，每表一个文件，已有的同名文件被替换；不指定则只校验",
    ),
    ("export exchange", "rows", "各表的写法"),
    ("export exchange", "despite_findings", "校验有问题也写出"),
    ("export exchange", "format", "输出形式"),
    ("report", "", "就数据目录中的办件计算指标"),
    ("report turnaround", "", "办理用时：按时限与环节"),
    ("report turnaround", "workflow", "只计此流程的办件"),
    (
        "report turnaround",
        "from",
        "只计当日或之后接件的（2023-03-01），以流程所在地为准",
    ),
    ("report turnaround", "to", "只计当日或之前接件的"),
    ("report turnaround", "format", "输出形式"),
    (
        "report critical-path",
        "",
        "各时限最快的路径：由办件在各状态的最短停留算出",
    ),
    ("report critical-path", "workflow", "只计此流程的办件"),
    (
        "report critical-path",
        "from",
        "只计当日或之后接件的（2023-03-01），以流程所在地为准",
    ),
    ("report critical-path", "to", "只计当日或之前接件的"),
    ("report critical-path", "format", "输出形式"),
    (
        "report measures",
        "",
        "按指标定义计算数字，每个数字附背后的清单",
    ),
    (
        "report measures",
        "names",
        "要计算的指标，并列出背后的清单；不指定则计算全部，只列数字",
    ),
    ("report measures", "data", "数据目录"),
    (
        "report measures",
        "measures",
        "指标所在目录；不指定则用自带的",
    ),
    ("report measures", "format", "输出形式"),
    (
        "report appraisal",
        "",
        "各招商队伍的军令状完成情况与得分，逐分说明",
    ),
    ("report appraisal", "data", "数据目录"),
    (
        "report appraisal",
        "until",
        "计入的最后一天（2023-04-20），以流程所在地为准",
    ),
    (
        "report appraisal",
        "district",
        "区的登记册；不指定则用自带的",
    ),
    ("report appraisal", "format", "输出形式"),
    (
        "report register",
        "",
        "按区的登记册，领导、产业链、在外实训干部各引进了什么",
    ),
    ("report register", "data", "数据目录"),
    (
        "report register",
        "until",
        "计入的最后一天（2023-04-20），以流程所在地为准",
    ),
    (
        "report register",
        "district",
        "区的登记册；不指定则用自带的",
    ),
    ("report register", "format", "输出形式"),
    ("clock", "", "按发生过的事重新计算有争议的时限，不涉及办件"),
    (
        "clock",
        "file",
        "JSON：一个时限、算式、统计或达标率，或它们的列表",
    ),
    (
        "clock",
        "calendars",
        "除自带的以外的日历：YAML，或内有一个或多个日历的 JSON；可写多次",
    ),
    ("clock", "format", "输出形式：每个一行 JSON，或逐段说明"),
    ("calendar", "", "查看、检查工作日历，并在其上推算"),
    (
        "calendar show",
        "",
        "显示一年：休息日、调休、半天，以及公布到何时",
    ),
    ("calendar show", "id", "日历的 id"),
    ("calendar show", "year", "年份；不指定则为今年"),
    ("verify", "", "核对有无丢失或改动：数据目录、导出文件或回执"),
    ("verify", "file", "导出文件或回执"),
    (
        "verify",
        "key",
        "须由此公钥签名，写作 名称+编号+公钥；不指定则用同处所存的",
    ),
    (
        "verify",
        "checkpoint",
        "您保存的检查点，数据须由它增加而来；不指定则用同处所存的",
    ),
    (
        "checkpoint",
        "",
        "为数据目录现有的全部记录签一个检查点，供他人保存",
    ),
    (
        "checkpoint",
        "origin",
        "以何名称签名，首次时给出；不指定则取带随机数的名称",
    ),
    (
        "checkpoint",
        "digest",
        "树用何种散列，首次时给出；不指定则为 SHA-256",
    ),
    ("checkpoint", "since", "较早的检查点：一并证明此后只有增加"),
    ("receipt", "", "出具回执，证明某事已登记；核对时不需要数据"),
    ("receipt", "case", "办件编号"),
    ("receipt", "revision", "证明哪一版；不指定则为最新"),
    (
        "bundle",
        "",
        "把全部记录连同签名的检查点写成一个文件，供核查",
    ),
    ("bundle", "to", "写入的文件；已有的则替换"),
    ("calendar check", "", "检查日历，逐处指出全部错误"),
    (
        "calendar check",
        "files",
        "要检查的日历：YAML，或内有一个或多个日历的 JSON",
    ),
    ("calendar deadline", "", "推算从某时起的时限何时到期"),
    ("calendar deadline", "id", "日历的 id"),
    (
        "calendar deadline",
        "from",
        "起始时间：2023-03-23 10:00 或 2023-03-23（日历所在地），或 RFC 3339；可写多个",
    ),
    (
        "calendar deadline",
        "budget",
        "时限：within 5h、under 2 working hours、within 20 working days、within 7 days",
    ),
    ("calendar deadline", "same_day", "起始当日计为第一天"),
    (
        "calendar deadline",
        "until_midnight",
        "最后一天到 24:00 为止，而不是到下班",
    ),
    ("calendar deadline", "overtime", "延时服务计入工作时间"),
    ("calendar between", "", "计算两个时间之间的工作时间与工作日"),
    ("calendar between", "id", "日历的 id"),
    (
        "calendar between",
        "from",
        "自何时：2023-03-23 10:00 或 2023-03-23（日历所在地），或 RFC 3339",
    ),
    ("calendar between", "to", "至何时"),
    (
        "calendar import-ics",
        "",
        "由 iCalendar 文件（.ics）生成日历，逐处指出全部错误",
    ),
    ("calendar import-ics", "file", "iCalendar 文件"),
    ("calendar import-ics", "id", "日历的 id；不指定则用文件名"),
    ("calendar import-ics", "calendar_version", "日历的版本"),
    ("calendar import-ics", "inherits", "所继承的日历"),
    (
        "calendar import-ics",
        "tz",
        "时区，如 Asia/Shanghai；不指定则依所继承的日历，再依文件",
    ),
    (
        "calendar import-ics",
        "years",
        "取哪些年：2027 或 2026..2027；不指定则为事件开始的各年",
    ),
    (
        "calendar import-ics",
        "unmarked",
        "没有写明休或班的全天事件如何对待：refuse 报错，day-off 放假，leave-out 略去",
    ),
    (
        "calendar export-ics",
        "",
        "把日历写成 iCalendar 文件（.ics），供其他程序显示",
    ),
    ("calendar export-ics", "id", "日历的 id"),
    (
        "calendar export-ics",
        "years",
        "写哪些年：2026 或 2026..2027；不指定则为全部",
    ),
    ("scxml", "", "运行 SCXML（W3C 的状态图语言）文档"),
    ("scxml run", "", "以虚拟时间运行一个文档，每步输出一行 JSON"),
    ("scxml run", "file", "要运行的文档"),
    (
        "scxml run",
        "events",
        "要发送的事件，依次发送；`@` 后为虚拟时间（毫秒），不写则为当前时间。可写多次",
    ),
    (
        "scxml run",
        "until",
        "运行到这个虚拟时间为止（毫秒）；默认一年",
    ),
    (
        "scxml run",
        "given",
        "文档以文件名引用（`src`）的文件；可写多次",
    ),
    ("scxml run", "format", "输出形式"),
    (
        "import scxml",
        "",
        "把 SCXML 文档的控制结构转成流程定义；带不过来的内容逐处列出",
    ),
    ("import scxml", "file", "要转换的文档"),
    (
        "import scxml",
        "workflow",
        "流程的名称；不指定则取文档的名称或文件名",
    ),
    ("version", "", "显示程序、时区数据与各种格式的版本"),
];

/// Arguments that several commands share.
const SHARED: [(&str, &str); 17] = [
    (
        "calendars",
        "除自带的以外的日历：YAML，或内有一个或多个日历的 JSON",
    ),
    ("data", "数据目录"),
    ("workflow", "流程名称"),
    ("to_version", "迁到哪一版，须已发布"),
    ("from_version", "从哪一版迁；不指定则为所有较低的版本"),
    ("maps", "以新环节代替旧环节：旧=新；可写多次"),
    ("drops", "舍弃的环节及其内部，没有对应；可写多次"),
    ("role_maps", "改了名称的角色：旧=新；可写多次"),
    ("forgets", "不再作数的信息项；可写多次"),
    (
        "sets",
        "给缺少此项、或所填不为新版接受的办件填上：信息项=值；可写多次",
    ),
    (
        "mapping",
        "以 YAML 写同样内容的文件：states、drop、roles、forget、set",
    ),
    ("backwards", "允许迁到较低的版本"),
    ("actor", "以何角色办理，可另写姓名：角色:姓名"),
    (
        "at",
        "实际发生的时间（补登）：2023-03-23 11:00，以流程所在地为准",
    ),
    ("seen", "您所依据的版本；其后若有变动则拒绝"),
    ("format", "输出形式"),
    ("help", "显示帮助"),
];

/// Returns the grammar with its help in Chinese.
pub(crate) fn translate(grammar: Command) -> Command {
    // Builds the arguments that clap adds by itself, so that they are translated too.
    let mut grammar = grammar.disable_help_subcommand(true);
    grammar.build();
    translate_at("", grammar).mut_arg("version", |argument| {
        argument.help("显示版本").help_heading("选项")
    })
}

fn translate_at(path: &str, command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let mut command = command;
    for name in names {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path} {name}")
        };
        command = command.mut_subcommand(&name, |command| translate_at(&below, command));
    }
    if let Some(about) = find(path, "") {
        command = command.about(about).long_about(None::<&str>);
    }
    if let Some(example) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(example.replacen("Example: ", "示例：", 1));
    }
    let has_subcommands = command.has_subcommands();
    let template = if has_subcommands {
        "{about}\n\n用法：{usage}\n\n命令：\n{subcommands}\n\n{all-args}{after-help}"
    } else {
        "{about}\n\n用法：{usage}\n\n{all-args}{after-help}"
    };
    let template = if has_subcommands {
        template.replace("{all-args}", "选项：\n{options}")
    } else {
        template.to_owned()
    };
    command.help_template(template).mut_args(|argument| {
        let heading = if argument.is_positional() {
            "参数"
        } else {
            "选项"
        };
        let help = find(path, argument.get_id().as_str());
        let argument = argument.help_heading(heading);
        match help {
            Some(help) => argument.help(help).long_help(None::<&str>),
            None => argument,
        }
    })
}

fn find(path: &str, argument: &str) -> Option<&'static str> {
    let own = WORDS
        .iter()
        .find(|(at, name, _)| *at == path && *name == argument)
        .map(|(.., words)| *words);
    let shared = || {
        let known = SHARED
            .iter()
            .find(|(name, _)| *name == argument)
            .map(|(_, words)| *words);
        known.or_else(|| {
            if argument == "lang" {
                find("", "lang")
            } else {
                None
            }
        })
    };
    // The global argument stands under every command.
    own.or_else(|| {
        if argument.is_empty() || path.is_empty() && argument == "lang" {
            None
        } else {
            shared()
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    fn walk(path: &str, command: &Command, visit: &mut impl FnMut(&str, &str)) {
        visit(path, "");
        for argument in command.get_arguments() {
            visit(path, argument.get_id().as_str());
        }
        for command in command.get_subcommands() {
            let name = command.get_name();
            let below = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path} {name}")
            };
            walk(&below, command, visit);
        }
    }

    #[test]
    fn every_command_and_argument_has_chinese_words_and_no_words_are_left_over() {
        let mut missing = Vec::new();
        let mut places = BTreeSet::new();
        walk("", &Arguments::command(), &mut |path, argument| {
            places.insert((path.to_owned(), argument.to_owned()));
            if find(path, argument).is_none() && argument != "version" {
                missing.push(format!("{path} {argument}"));
            }
        });
        assert!(missing.is_empty(), "without Chinese: {missing:?}");
        let stray: Vec<_> = WORDS
            .iter()
            .filter(|(path, argument, _)| {
                !places.contains(&((*path).to_owned(), (*argument).to_owned()))
            })
            .collect();
        assert!(stray.is_empty(), "for nothing: {stray:?}");
    }

    #[test]
    fn chinese_help_shows_an_example_for_every_command() {
        let mut grammar = translate(Arguments::command());
        let help = grammar.render_help().to_string();
        assert!(help.contains("用法：") && help.contains("示例："), "{help}");
        for command in grammar
            .get_subcommands()
            .filter(|command| !command.has_subcommands())
        {
            let help = command.clone().render_help().to_string();
            assert!(help.contains("示例："), "{help}");
        }
    }
}
