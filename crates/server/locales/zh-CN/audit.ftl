# 时限审计

audit-scope = { $n } 件
audit-cut = 办件过多，只统计最近的 { $n } 件。
audit-rate = 达标率
audit-of = { $met } / { $n } 件
audit-with-late = 含在办超期 { $s }
audit-without-excused = 不计免责 { $s }
audit-counts = 按时 { $met }，超期 { $missed }
audit-median = 中位
audit-p90 = 90% 在此以内
audit-open = 在办
audit-late = { $n } 件已超期
audit-where = 时间去向
audit-stages = { $n } 个环节的停留时间
audit-stage = 环节
audit-here = 现在在此
audit-none = 还没有办件。
audit-how = 中位和 90% 取自实际办件（最近秩），不插值、不取平均；不足 5 件不算比率。每个数字都可点开明细。
audit-all = 全部
audit-met = 按时
audit-missed = 超期
audit-rows-count = { $n } 条明细
audit-rows-cut = 只列出前 500 条。

# 指标

measures = 指标
measures-how = 每个数字都可点开背后的清单。活动、签约、落地是不同的总体，不得相加。
measures-title = 指标与口径
measures-figure = 数字
measures-cut-off = 截至
measures-wrong = 不能公布，原因见内页
measures-none = 没有指标。
measures-calibre = 口径：{ $s }
measures-until = 截至 { $s }
measures-since = 进入时间
measures-amount = 金额或用时
measures-rows = 背后的 { $n } 件
measures-left-out = 无法判断的 { $n } 件

register = 登记册
register-summary = 已引进 { $attracted }；目标 { $target }，力争 { $stretch }；截至 { $until }
register-leaders = 领导挂帅
register-quota = 每人引进 { $need } 个以上、总投资额超 { $over } 的项目
register-post = 岗位
register-projects = 项目
register-met = 完成
register-met-yes = 已完成
register-met-no = 未完成
register-without = 够条件而没有挂点领导的项目：
register-team = 招商队伍
register-pledge = 军令状
register-attracted = 已引进
register-points = 得分
register-chains = 产业链
register-chains-more = 一个项目可在几条链上，各链不相加
register-chain = 产业链
register-trips = “走出去”招商
register-courses = 培训与学习
register-persons = { $s }人次
register-rosters = 在外实训干部
register-roster = 第 { $batch } 批，{ $count } 名，{ $days } 天；提报线索 { $leads } 条

agenda = 例会议程：{ $s }
agenda-how = 按环节，超期的在前
agenda-count = { $n } 件
agenda-none = 没有在办的办件。
agenda-open = 例会议程
