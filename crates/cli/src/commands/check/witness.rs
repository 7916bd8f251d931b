use groundbreak_workflow::{Text, Witness};

/// Tells a witness step by step, from the opening of a case.
pub(super) fn steps(witness: &Witness) -> Vec<Text> {
    let opened = Text::new(
        format!("办件开始于 {}", witness.opened_in.join("、")),
        format!("the case is opened in {}", witness.opened_in.join(", ")),
    );
    let following = witness.steps.iter().map(|step| {
        // What happens is written as the journal of programs has it: its kind and its name.
        let happens = match serde_json::to_value(&step.happens) {
            Ok(serde_json::Value::Object(one)) => one
                .iter()
                .map(|(kind, name)| format!("{kind} {}", name.as_str().unwrap_or_default()))
                .collect(),
            Ok(serde_json::Value::String(kind)) => kind,
            _ => String::new(),
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
                "{happens}{} → {}",
                bracketed(assumed("成立", "不成立")),
                step.leads_to.join("、")
            ),
            format!(
                "{happens}{} → {}",
                bracketed(assumed("holds:", "does not hold:")),
                step.leads_to.join(", ")
            ),
        )
    });
    std::iter::once(opened).chain(following).collect()
}
