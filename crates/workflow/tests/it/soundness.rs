use groundbreak_workflow::{Library, Limits};

#[test]
fn shipped_try() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let mut library = Library::new();
    for c in ["china", "pengjiang"] {
        library
            .add_calendar(
                &std::fs::read_to_string(root.join(format!("calendars/{c}.yaml"))).unwrap(),
            )
            .unwrap();
    }
    for w in ["land-to-groundbreaking"] {
        let source = std::fs::read_to_string(root.join(format!("{w}.yaml"))).unwrap();
        let workflow = library.add_workflow(&source).unwrap();
        let t = std::time::Instant::now();
        let s = workflow.soundness(&Limits::default());
        eprintln!(
            "{w}: {} configurations, explored {}, complete {} in {:?}",
            s.configurations,
            s.explored,
            s.complete,
            t.elapsed()
        );
        for f in &s.findings {
            let p = f.place(&source);
            eprintln!(
                "  {}:{} {:?} {} {}",
                p.line, p.column, f.severity, f.code, f.message.en
            );
            if let Some(w) = &f.witness {
                eprintln!("    opened in {:?}", w.opened_in);
                for s in &w.steps {
                    eprintln!("    {:?} {:?} -> {:?}", s.happens, s.assuming, s.leads_to);
                }
            }
        }
    }
}
