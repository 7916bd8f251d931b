//! What can be wrong with a block or its use.

use std::ops::Range;

use super::suggestion;
use crate::source::At;
use crate::tree::Tree;
use crate::{Diagnostic, Text};

pub(super) fn not_a_block(tree: &At<Tree>) -> Diagnostic {
    let span = match &tree.value {
        Tree::Map(pairs) => pairs.first().map(|(key, _)| key.span.clone()),
        _ => None,
    };
    Diagnostic::new(
        "not-a-block",
        span.unwrap_or_else(|| tree.span.clone()),
        Text::new(
            "`---` 之后应为构件，却没有 `block:`。",
            "Behind `---` stands a block; this has no `block:`.",
        ),
    )
    .with_help(Text::new(
        "一个文件只写一个流程；请加上 `block: 名称`，或去掉 `---`。",
        "A file has one workflow. Add `block: NAME`, or take the `---` away.",
    ))
}

pub(super) fn unknown_block<'n>(
    name: &str,
    span: &Range<usize>,
    known: impl Iterator<Item = &'n str> + Clone,
) -> Diagnostic {
    Diagnostic::new(
        "unknown-block",
        span.clone(),
        Text::new(
            format!("没有构件 `{name}`。"),
            format!("There is no block `{name}`."),
        ),
    )
    .with_help(suggestion(name, known))
}

pub(super) fn unknown_parameter<'n>(
    name: &str,
    span: &Range<usize>,
    known: impl Iterator<Item = &'n str> + Clone,
) -> Diagnostic {
    Diagnostic::new(
        "unknown-parameter",
        span.clone(),
        Text::new(
            format!("这个构件没有参数 `{name}`。"),
            format!("The block has no parameter `{name}`."),
        ),
    )
    .with_help(suggestion(name, known))
}

pub(super) fn unused_parameter(name: &At<String>) -> Diagnostic {
    Diagnostic::new(
        "unused-parameter",
        name.span.clone(),
        Text::new(
            format!("参数 `{name}` 没有用到。"),
            format!("The parameter `{name}` is put in nowhere."),
        ),
    )
    .with_help(Text::new(
        format!("请在文字中写 `<{name}>`，或删去它。"),
        format!("Write `<{name}>` where it belongs, or take it away."),
    ))
}

pub(super) fn missing_argument(name: &str, span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "missing-argument",
        span.clone(),
        Text::new(
            format!("没有给出参数 `{name}`。"),
            format!("The argument `{name}` is missing."),
        ),
    )
    .with_help(Text::new(
        format!("请在 `with` 中加上 `{name}:`。"),
        format!("Add `{name}:` under `with`."),
    ))
}

pub(super) fn blank_not_given(name: &str, span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "missing-argument",
        span.clone(),
        Text::new(
            format!("这里要用参数 `{name}`，使用处没有给出。"),
            format!("`{name}` is put in here, and the use does not give it."),
        ),
    )
    .with_help(Text::new(
        format!("请在使用处给出它，或在构件的这一部分写 `given: {name}`。"),
        format!("Give it where the block is used, or write `given: {name}` in this part."),
    ))
}

pub(super) fn argument_not_text(name: &str, span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "argument-not-text",
        span.clone(),
        Text::new(
            format!("参数 `{name}` 要放进文字里，须是文字。"),
            format!("The argument `{name}` is put into a text, so it has to be one."),
        ),
    )
    .with_help(Text::new(
        "请写一个词或加引号的文字。",
        "Write a word, or a text in quotes.",
    ))
}

pub(super) fn argument_twice(key: &At<String>) -> Diagnostic {
    Diagnostic::new(
        "duplicate-key",
        key.span.clone(),
        Text::new(
            format!("`{key}` 出现了两次。"),
            format!("`{key}` stands here twice."),
        ),
    )
    .with_help(Text::new("请只留一个。", "Leave one of them."))
}

pub(super) fn arguments_by_name(span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "wrong-type",
        span.clone(),
        Text::new("参数要按名称给出。", "Arguments are given by their names."),
    )
    .with_help(Text::new(
        "例如：`with: { matter: eia }`。",
        "For example: `with: { matter: eia }`.",
    ))
}

pub(super) fn use_without_name(span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "wrong-type",
        span.clone(),
        Text::new(
            "`use` 之后应为构件的名称。",
            "After `use` stands the name of a block.",
        ),
    )
    .with_help(Text::new(
        "例如：`use: pre-review`。",
        "For example: `use: pre-review`.",
    ))
}

pub(super) fn beside_use(key: &At<String>) -> Diagnostic {
    Diagnostic::new(
        "unknown-key",
        key.span.clone(),
        Text::new(
            format!("`use` 旁边不能有 `{key}`。"),
            format!("There is no key `{key}` beside `use`."),
        ),
    )
    .with_help(Text::new(
        "这里可用：use、with。其余写在构件里。",
        "Possible here: use, with. What else there is to say stands in the block.",
    ))
}

pub(super) fn recursion(name: &str, span: &Range<usize>, depth_max: usize) -> Diagnostic {
    Diagnostic::new(
        "block-recursion",
        span.clone(),
        Text::new(
            format!("构件 `{name}` 用到了自己，或嵌套超过 {depth_max} 层。"),
            format!("The block `{name}` uses itself, or blocks lie more than {depth_max} deep."),
        ),
    )
    .with_help(Text::new(
        "请把这一处直接写出来。",
        "Write out what is meant here.",
    ))
}

pub(super) fn too_large(span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "blocks-too-large",
        span.clone(),
        Text::new(
            "构件展开后内容太多。",
            "With its blocks put in, the definition is too large.",
        ),
    )
    .with_help(Text::new(
        "请少用几处，或拆成几个流程。",
        "Use fewer, or split the workflow.",
    ))
}

pub(super) fn clash(name: &str, span: &Range<usize>) -> Diagnostic {
    Diagnostic::new(
        "block-name-clash",
        span.clone(),
        Text::new(
            format!("构件带来的 `{name}` 已经有了。"),
            format!("The block brings `{name}`, which is there already."),
        ),
    )
    .with_help(Text::new(
        "请换一个参数，使名称不同，或去掉已有的。",
        "Give another argument, so that the names differ, or take away the one that is there.",
    ))
}

pub(super) fn unused_block(name: &str, at: &At<Tree>) -> Diagnostic {
    Diagnostic::new(
        "unused-block",
        at.span.clone(),
        Text::new(
            format!("构件 `{name}` 没有用到。"),
            format!("The block `{name}` is not used."),
        ),
    )
    .with_help(Text::new(
        format!("请用 `use: {name}` 使用它，或删去它。"),
        format!("Use it, with `use: {name}`, or take it away."),
    ))
}
