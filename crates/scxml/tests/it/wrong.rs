//! What is wrong with documents, and where.

use groundbreak_scxml::{
    DOCUMENT_BYTES_MAX, Documents, ELEMENT_DEPTH_MAX, Fault, Machine, NODES_MAX,
};

use crate::run::document;

fn faults(text: &str) -> Vec<Fault> {
    match Machine::read(text, &Documents::new()) {
        Ok(_) => panic!("nothing is found wrong with {text}"),
        Err(faults) => faults,
    }
}

/// `marked` is what stands inside a document; the fault is to be at `»`, which is taken out.
#[track_caller]
fn check(code: &str, marked: &str) {
    let text = document(marked);
    let at = text.find('»').unwrap();
    let text = text.replace('»', "");
    let found = faults(&text);
    let places: Vec<_> = found
        .iter()
        .map(|it| (it.code, it.span.start, &it.message.en))
        .collect();
    assert!(
        found
            .iter()
            .any(|fault| fault.code == code && fault.span.start == at),
        "{code} at {at}: {places:?} in {text}"
    );
    for fault in &found {
        assert!(
            fault.message.zh.chars().any(|c| c > '\u{4e00}'),
            "{fault:?}"
        );
    }
}

#[test]
fn xml_that_is_none() {
    for text in [
        "",
        "<",
        "<scxml>",
        "no markup",
        "<a></b>",
        "<a b=1/>",
        "<a>&x;</a>",
        "\u{0}",
    ] {
        let found = faults(text);
        assert_eq!(found[0].code, "scxml-syntax", "{text}");
    }
}

#[test]
fn entities_are_not_declared_here() {
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"{}\">]>{}",
        "&a;".repeat(200),
        document("<state id='&b;'/>")
    );
    assert_eq!(faults(&bomb)[0].code, "scxml-syntax");
    let outside = format!(
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{}",
        document("<state/>")
    );
    assert_eq!(faults(&outside)[0].code, "scxml-syntax");
}

#[test]
fn another_document() {
    assert_eq!(faults("<html/>")[0].code, "scxml-no-document");
    // Without the namespace it could be anything.
    assert_eq!(
        faults("<scxml version='1.0'/>")[0].code,
        "scxml-no-document"
    );
}

#[test]
fn what_is_too_large() {
    let long = document(&" ".repeat(DOCUMENT_BYTES_MAX));
    assert_eq!(faults(&long)[0].code, "scxml-too-large");
    let many = document(&"<state/>".repeat(usize::try_from(NODES_MAX).unwrap()));
    assert_eq!(faults(&many)[0].code, "scxml-too-large");
    // What a parser compares pair by pair is bounded before it is parsed.
    let attributes: String = (0..60_000).map(|it| format!(" a{it}='1'")).collect();
    assert_eq!(
        faults(&document(&format!("<state{attributes}/>")))[0].code,
        "scxml-too-large"
    );
    let namespaces: String = (0..20_000)
        .map(|it| format!("<state xmlns:a{it}='u'/>"))
        .collect();
    assert_eq!(faults(&document(&namespaces))[0].code, "scxml-too-large");
    for element in ["state", "if cond='true'", "x"] {
        let end = element.split(' ').next().unwrap();
        let deep = |depth| {
            format!(
                "{}{}",
                format!("<{element}>").repeat(depth),
                format!("</{end}>").repeat(depth)
            )
        };
        let code = faults(&document(&deep(100_000 / element.len())))[0].code;
        assert_eq!(code, "scxml-too-large", "{element}");
        let _ = Machine::read(&document(&deep(ELEMENT_DEPTH_MAX - 2)), &Documents::new());
    }
}

#[test]
fn elements_where_they_mean_nothing() {
    check("scxml-element", "<state id='a'/>»<stat id='b'/>");
    check(
        "scxml-element",
        "<final id='a'>»<transition target='a'/></final>",
    );
    check(
        "scxml-element",
        "<state><onentry>»<launch/></onentry></state>",
    );
    check(
        "scxml-element",
        "<state><onentry>»<x xmlns='urn:other'/></onentry></state>",
    );
    check("scxml-element", "<parallel>»<initial/><state/></parallel>");
}

#[test]
fn another_namespace_is_left_alone() {
    let text = document("<state id='a' xmlns:q='urn:q' q:x='1'><q:info/></state>");
    assert!(Machine::read(&text, &Documents::new()).is_ok());
}

#[test]
fn attributes_that_are_wrong() {
    check(
        "scxml-attribute",
        "<state id='a'><transition »traget='a'/></state>",
    );
    check("scxml-attribute", "<state id='»a b'/>");
    check("scxml-attribute", "<state id='a'>»<transition/></state>");
    check(
        "scxml-attribute",
        "<state><onentry>»<raise/></onentry></state>",
    );
    check(
        "scxml-attribute",
        "<state><onentry><send event='e' delay='»soon'/></onentry></state>",
    );
    check(
        "scxml-attribute",
        "<state><onentry><send event='e' eventexpr='»x'/></onentry></state>",
    );
    check(
        "scxml-attribute",
        "<state><onentry><send event='e' target='»#_internal' delay='1s'/></onentry></state>",
    );
    check(
        "scxml-attribute",
        "<state><history type='»long'><transition target='a'/></history><state id='a'/></state>",
    );
    check(
        "scxml-attribute",
        "<datamodel><data id='»_event'/></datamodel><state/>",
    );
    check(
        "scxml-attribute",
        "<datamodel><data id='»in'/></datamodel><state/>",
    );
}

#[test]
fn expressions_that_cannot_be_read() {
    check(
        "scxml-expression",
        "<state id='a'><transition cond='x ==»' target='a'/></state>",
    );
    check(
        "scxml-expression",
        "<state id='a'><transition cond='1 »= 2' target='a'/></state>",
    );
    check(
        "scxml-expression",
        "<state><onentry><assign location='»1 + 1' expr='1'/></onentry></state>",
    );
    check(
        "scxml-expression",
        "<state><onentry><script>x = 1; »y := 2</script></onentry></state>",
    );
    check(
        "scxml-expression",
        "<state><onentry><log expr='»launch(1)'/></onentry></state>",
    );
}

#[test]
fn charts_that_do_not_hold_together() {
    check(
        "scxml-structure",
        "<state id='a'>»<transition target='nowhere'/></state>",
    );
    check("scxml-structure", "<state id='a'/>»<state id='a'/>");
    check(
        "scxml-structure",
        "»<state id='a' initial='b'><state id='c'/></state><state id='b'/>",
    );
    check(
        "scxml-structure",
        "<state id='a'>»<transition target='b c'/></state><state id='b'/><state id='c'/>",
    );
    check(
        "scxml-structure",
        "<state id='p'><state id='q'/>»<history id='h'/></state>",
    );
    check(
        "scxml-structure",
        "<state id='a'>»<transition event='a..*b*' target='a'/></state>",
    );
    check(
        "scxml-structure",
        "<datamodel><data id='x'/></datamodel>»<state><datamodel><data id='x'/></datamodel></state>",
    );
}

#[test]
fn a_document_that_stands_inside_is_checked_as_well() {
    check(
        "scxml-structure",
        "<state><invoke><content><scxml><state id='i'>»<transition target='nowhere'/></state></scxml></content></invoke></state>",
    );
}

#[test]
fn a_script_that_is_not_given_refuses_the_document() {
    check("scxml-source", "<script src='»nowhere.js'/><state/>");
}

#[test]
fn without_a_data_model_there_is_no_data() {
    let text = |inside: &str| document(inside).replace("version", "datamodel='null' version");
    for inside in [
        "<datamodel><data id='x'/></datamodel><state/>",
        "<state id='a'><transition cond='1 == 1' target='a'/></state>",
        "<state><onentry><assign location='x' expr='1'/></onentry></state>",
        "<state><onentry><script>x = 1</script></onentry></state>",
    ] {
        assert!(
            faults(&text(inside))
                .iter()
                .any(|fault| fault.code == "scxml-data-model"),
            "{inside}"
        );
    }
    let scripted = document("<state/>").replace("version", "datamodel='ecmascript' version");
    assert_eq!(faults(&scripted)[0].code, "scxml-attribute");
}

#[test]
fn every_fault_is_found_at_once_and_in_order() {
    let text = document(
        "<state id='a' colour='red'>\n <transition cond='1 +' target='a'/>\n <sate/>\n</state>",
    );
    let found = faults(&text);
    let lines: Vec<usize> = found.iter().map(|fault| fault.place.line).collect();
    assert_eq!(lines, [1, 2, 3], "{found:?}");
    assert_eq!(found[1].place.column, 23);
}
