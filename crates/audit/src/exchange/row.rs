use serde::Serialize;

/// Declares a row of a table, with its fields in the order they are written.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident in $table:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The name of the table.
            pub const TABLE: &'static str = $table;
            /// The names of the fields.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];

            /// Returns the values, in the order of [`Self::FIELDS`].
            pub fn cells(&self) -> Vec<String> {
                vec![$(self.$field.to_string()),*]
            }
        }
    };
}

row! {
    /// A project (项目基本信息).
    ProjectRow in "SPGL_XMJBXXB" {
        /// 流水号: the number of the row, from 1.
        lsh: u64,
        /// 地方数据主键: the number of the case.
        dfsjzj: String,
        /// 行政区划代码.
        xzqhdm: String,
        /// 项目代码.
        xmdm: String,
        /// 审批流程类型, 1 to 10.
        splclx: u8,
        /// 总投资额（万元）, a decimal number.
        ztze: String,
        /// 建设单位.
        jsdw: String,
        /// 建设单位代码: its credit code.
        jsdwdm: String,
        /// 项目是否完全办结: 1 or 0.
        xmsfwqbj: u8,
        /// 项目完全办结时间; empty before.
        xmwqbjsj: String,
        /// 数据有效标识: 1 valid, 0 not.
        sjyxbs: u8,
        /// 数据无效原因.
        sjwxyy: String,
        /// 数据上传状态: 0 new.
        sjsczt: i8,
        /// 失败原因, filled in by who receives it.
        sbyy: String,
    }
}

row! {
    /// The handling of a matter: one case, or a part of one (项目审批事项办理信息).
    MatterRow in "SPGL_XMSPSXBLXXB" {
        /// 流水号.
        lsh: u64,
        /// 地方数据主键.
        dfsjzj: String,
        /// 行政区划代码.
        xzqhdm: String,
        /// 项目代码.
        xmdm: String,
        /// 审批事项实例编码: the number of the case.
        spsxslbm: String,
        /// 审批事项编码.
        spsxbm: String,
        /// 审批事项版本号.
        spsxbbh: String,
        /// 审批部门编码: its credit code.
        spbmbm: String,
        /// 审批部门名称.
        spbmmc: String,
        /// 事项办理时限, in working days.
        sxblsx: u32,
        /// 是否告知承诺制: 1 or 0.
        sxgcnzspqk: u8,
        /// 数据有效标识.
        sjyxbs: u8,
        /// 数据无效原因.
        sjwxyy: String,
        /// 数据上传状态.
        sjsczt: i8,
        /// 失败原因.
        sbyy: String,
    }
}

row! {
    /// A status change of a case (项目审批事项办理详细信息).
    ChangeRow in "SPGL_XMSPSXBLXXXXB" {
        /// 流水号.
        lsh: u64,
        /// 地方数据主键.
        dfsjzj: String,
        /// 行政区划代码.
        xzqhdm: String,
        /// 项目代码.
        xmdm: String,
        /// 审批事项实例编码.
        spsxslbm: String,
        /// 办理处室.
        blcs: String,
        /// 办理人.
        blr: String,
        /// 办理状态, 1 to 15.
        blzt: u8,
        /// 办理意见: the remark of who acted.
        blyj: String,
        /// 办理时间, local: `2023-03-23 10:00:00`.
        blsj: String,
        /// 单位名称.
        dwmc: String,
        /// 单位统一社会信用代码.
        dwtyshxydm: String,
        /// 数据有效标识.
        sjyxbs: u8,
        /// 数据无效原因.
        sjwxyy: String,
        /// 数据上传状态.
        sjsczt: i8,
        /// 失败原因.
        sbyy: String,
    }
}
