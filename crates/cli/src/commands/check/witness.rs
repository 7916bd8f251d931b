use groundbreak_workflow::{Happening, Text, Witness};

/// Tells a witness step by step, from the opening of a case.
pub(super) fn steps(witness: &Witness) -> Vec<Text> {
    let opened = Text::new(
        format!("办件开始于 {}", witness.opened_in.join("、")),
        format!("the case is opened in {}", witness.opened_in.join(", ")),
    );
    let following = witness.steps.iter().map(|step| {
        let happens = match &step.happens {
            Happening::Event(event) => Text::new(event, event),
            Happening::Timer(timer) => Text::new(format!("到期 {timer}"), format!("due {timer}")),
            Happening::Document => Text::new("收到材料", "a document comes in"),
        };
        let assumed = |yes: &str, no: &str| {
            let answers = step.assuming.iter();
            answers
                .map(|(condition, holds)| format!("{} {condition}", if *holds { yes } else { no }))
                .collect::<Vec<_>>()
                .join("; ")
        };
        let bracketed = |text: String| {
            if text.is_empty() {
                text
            } else {
                format!(" ({text})")
            }
        };
        Text::new(
            format!(
                "{}{} → {}",
                happens.zh,
                bracketed(assumed("成立", "不成立")),
                step.leads_to.join("、")
            ),
            format!(
                "{}{} → {}",
                happens.en,
                bracketed(assumed("holds:", "does not hold:")),
                step.leads_to.join(", ")
            ),
        )
    });
    std::iter::once(opened).chain(following).collect()
}
