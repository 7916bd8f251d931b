//! What the abstract words of the W3C suite mean in the CEL data model.
//!
//! The suite is written for any data model: where a test needs one, it has a word of the namespace
//! `conf`. This is the one place that says what each stands for. Where ECMAScript takes a syntax
//! error at run time ("illegal expression"), a document of ours would be refused when it is read;
//! there, an expression is used that is well formed and has no value.

use roxmltree::Node;

const CONF: &str = "http://www.w3.org/2005/scxml-conformance";
const SCXML: &str = "http://www.w3.org/2005/07/scxml";

/// Returns a test with every abstract word replaced, or the word that has no meaning.
pub(crate) fn translate(txml: &str) -> Result<String, String> {
    let tree = roxmltree::Document::parse(txml).map_err(|error| error.to_string())?;
    let mut out = String::new();
    element(tree.root_element(), &mut out)?;
    Ok(out)
}

fn element(node: Node<'_, '_>, out: &mut String) -> Result<(), String> {
    if node.is_text() {
        out.push_str(&escape(node.text().unwrap_or_default()));
        return Ok(());
    }
    if !node.is_element() {
        return Ok(());
    }
    if node.tag_name().namespace() == Some(CONF) {
        out.push_str(&element_word(node)?);
        return Ok(());
    }
    let name = node.tag_name().name();
    out.push_str(&format!("<{name}"));
    let parent = node
        .parent_element()
        .and_then(|it| it.tag_name().namespace());
    if let Some(namespace) = node.tag_name().namespace()
        && parent != Some(namespace)
    {
        out.push_str(&format!(" xmlns=\"{namespace}\""));
    }
    for attribute in node.attributes() {
        let (name, value) = match attribute.namespace() {
            Some(CONF) => attribute_word(attribute.name(), attribute.value())?,
            _ => (attribute.name(), attribute.value().to_owned()),
        };
        out.push_str(&format!(" {name}=\"{}\"", escape(&value)));
    }
    out.push('>');
    for child in node.children() {
        element(child, out)?;
    }
    out.push_str(&format!("</{name}>"));
    Ok(())
}

/// The elements.
fn element_word(node: Node<'_, '_>) -> Result<String, String> {
    let of = |name: &str| node.attribute(name).unwrap_or_default();
    let end = |id: &str| {
        format!(
            "<final xmlns=\"{SCXML}\" id=\"{id}\"><onentry><log label=\"Outcome\" expr=\"'{id}'\"/></onentry></final>"
        )
    };
    let assign = |id: &str, value: &str| {
        format!(
            "<assign xmlns=\"{SCXML}\" location=\"Var{id}\" expr=\"{}\"/>",
            escape(value)
        )
    };
    Ok(match node.tag_name().name() {
        "pass" => end("pass"),
        "fail" => end("fail"),
        "incrementID" => assign(of("id"), &format!("Var{} + 1", of("id"))),
        "concatVars" | "sumVars" => {
            assign(of("id1"), &format!("Var{} + Var{}", of("id1"), of("id2")))
        }
        "extendArray" => assign(of("id"), &format!("Var{} + [4]", of("id"))),
        "array123" => "[1,2,3]".to_owned(),
        "someInlineVal" => "123".to_owned(),
        "contentFoo" => format!("<content xmlns=\"{SCXML}\">foo</content>"),
        "script" => format!("<script xmlns=\"{SCXML}\">Var1 = 1</script>"),
        "sendToSender" => format!(
            "<send xmlns=\"{SCXML}\" event=\"{}\" targetexpr=\"_event.origin\" typeexpr=\"_event.origintype\"/>",
            escape(of("name"))
        ),
        other => return Err(format!("<conf:{other}>")),
    })
}

/// The attributes: the name and the value that each becomes.
fn attribute_word(word: &str, value: &str) -> Result<(&'static str, String), String> {
    let var = || format!("Var{value}");
    let compared = |right: &dyn Fn(&str) -> String| {
        let (left, operator, rest) = comparison(value);
        format!("Var{left} {operator} {}", right(&rest))
    };
    let plain = |rest: &str| rest.to_owned();
    let quoted = |rest: &str| format!("'{rest}'");
    let pair = || {
        let mut numbers = value
            .split(|c: char| !c.is_ascii_digit())
            .filter(|it| !it.is_empty());
        let mut next = || numbers.next().unwrap_or_default().to_owned();
        (next(), next())
    };
    Ok(match word {
        "targetpass" => ("target", "pass".to_owned()),
        "targetfail" => ("target", "fail".to_owned()),
        "datamodel" => ("datamodel", "cel".to_owned()),
        "id" => ("id", var()),
        "name" => ("name", var()),
        "location" => ("location", var()),
        "idlocation" => ("idlocation", var()),
        "namelist" => ("namelist", var()),
        "item" => ("item", var()),
        "index" => ("index", var()),
        "arrayVar" | "arrayTextVar" => ("array", var()),
        "expr" => ("expr", value.to_owned()),
        "quoteExpr" => ("expr", quoted(value)),
        "varExpr" | "varChildExpr" => ("expr", var()),
        "eventExpr" => ("eventexpr", var()),
        "targetExpr" | "targetVar" => ("targetexpr", var()),
        "typeExpr" => ("typeexpr", var()),
        "srcExpr" => ("srcexpr", var()),
        "sendIDExpr" => ("sendidexpr", var()),
        "delay" => ("delayexpr", format!("'{value}s'")),
        "delayFromVar" => ("delayexpr", var()),
        "true" => ("cond", "true".to_owned()),
        "false" => ("cond", "false".to_owned()),
        "inState" => ("cond", format!("In('{value}')")),
        // Variables and whether they have values.
        "isBound" => ("cond", format!("bound(Var{value})")),
        "unboundVar" => ("cond", format!("!bound(Var{value})")),
        "noValue" => ("cond", format!("!bound(Var{value}) || Var{value} == null")),
        "idVal" | "idSystemVarVal" | "namelistIdVal" => ("cond", compared(&plain)),
        "idQuoteVal" => ("cond", compared(&quoted)),
        "compareIDVal" => ("cond", compared(&|rest| format!("Var{rest}"))),
        "idSomeVal" => ("cond", format!("Var{value} == 123")),
        "VarEqVar" | "VarEqVarStruct" => {
            let (one, two) = pair();
            ("cond", format!("Var{one} == Var{two}"))
        }
        "varPrefix" => {
            let (one, two) = pair();
            ("cond", format!("Var{two}.startsWith(Var{one})"))
        }
        // What is kept by the processor.
        "systemVarExpr" => ("expr", value.to_owned()),
        "systemVarLocation" => ("location", value.to_owned()),
        "systemVarIsBound" => ("cond", format!("bound({value})")),
        "nameVarVal" => ("cond", format!("_name == '{value}'")),
        "scxmlEventIOLocation" => (
            "expr",
            "_ioprocessors['http://www.w3.org/TR/scxml/#SCXMLEventProcessor'].location".to_owned(),
        ),
        "basicHTTPAccessURITarget" => (
            "targetexpr",
            "_ioprocessors['basichttp']['location']".to_owned(),
        ),
        // The event.
        "eventName" => ("expr", "_event.name".to_owned()),
        "eventType" => ("expr", "_event.type".to_owned()),
        "eventSendid" => ("expr", "_event.sendid".to_owned()),
        "eventRaw" => ("expr", "_event.raw".to_owned()),
        "eventField" => ("expr", format!("_event.{value}")),
        "eventNameVal" => ("cond", format!("_event.name == '{value}'")),
        "originTypeEq" => ("cond", format!("_event.origintype == '{value}'")),
        "eventFieldHasNoValue" => ("cond", format!("_event.{value} == null")),
        "eventFieldsAreBound" => {
            let fields = [
                "name",
                "type",
                "sendid",
                "origin",
                "origintype",
                "invokeid",
                "data",
            ];
            let fields = fields.map(|field| format!("has(_event.{field})"));
            ("cond", fields.join(" && "))
        }
        "eventDataFieldValue" | "eventDataParamValue" => ("expr", format!("_event.data.{value}")),
        "eventDataNamelistValue" => ("expr", format!("_event.data.Var{value}")),
        "eventdataVal" => ("cond", format!("_event.data == {value}")),
        "eventdataSomeVal" => ("cond", "_event.data == 123".to_owned()),
        "emptyEventData" => ("cond", "_event.data == null".to_owned()),
        "eventvarVal" => {
            let (left, operator, rest) = comparison(value);
            (
                "cond",
                format!("_event.data['Var{left}'] {operator} {rest}"),
            )
        }
        // What is wrong on purpose.
        "illegalExpr" => ("expr", "1 / 0".to_owned()),
        "illegalArray" => ("expr", "7".to_owned()),
        "illegalItem" => ("item", "'continue'".to_owned()),
        "illegalTarget" => ("target", "baz".to_owned()),
        "unreachableTarget" => ("target", "#_scxml_foo".to_owned()),
        "invalidLocation" => ("location", "foo.bar.baz".to_owned()),
        "invalidNamelist" => ("namelist", "foo".to_owned()),
        "invalidSessionID" | "invalidSendTypeExpr" => ("expr", "27".to_owned()),
        "invalidSendType" => ("type", "27".to_owned()),
        "nonBoolean" => ("cond", "'neither'".to_owned()),
        "scriptBadSrc" => ("src", "D:\\foo".to_owned()),
        "varNonexistentStruct" => ("expr", format!("Var{value}.bar")),
        // Basic HTTP, which is optional and which there is none of: the raw text of a request.
        "eventNamedParamHasValue"
        | "eventIdParamHasValue"
        | "messageBodyEquals"
        | "methodIsPost" => (
            "cond",
            "has(_event.raw) && string(_event.raw).contains('POST')".to_owned(),
        ),
        other => return Err(format!("conf:{other}")),
    })
}

/// Cuts `1=2` into the number of a variable, an operator of CEL, and the rest.
fn comparison(value: &str) -> (String, &str, String) {
    let at = value.find(['=', '<', '>']).unwrap_or(value.len());
    let (left, rest) = value.split_at(at);
    let operator = match rest.as_bytes() {
        [b'<', b'=', ..] => "<=",
        [b'>', b'=', ..] => ">=",
        [b'<', ..] => "<",
        [b'>', ..] => ">",
        _ => "==",
    };
    let rest = rest.trim_start_matches(['=', '<', '>']);
    (left.trim().to_owned(), operator, rest.trim().to_owned())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
