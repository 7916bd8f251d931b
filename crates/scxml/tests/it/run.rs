//! How documents run: sessions, queues, delays, invocations, the data model, and what is bounded.

use groundbreak_scxml::{Documents, Interpreter, Machine, RunError};

/// Returns a document around these states.
pub(crate) fn document(inside: &str) -> String {
    format!("<scxml xmlns=\"http://www.w3.org/2005/07/scxml\" version=\"1.0\">{inside}</scxml>")
}

fn start_with(inside: &str, documents: Documents) -> Interpreter {
    let machine =
        Machine::read(&document(inside), &documents).unwrap_or_else(|faults| panic!("{faults:#?}"));
    Interpreter::new(machine, documents)
}

fn start(inside: &str) -> Interpreter {
    start_with(inside, Documents::new())
}

/// Runs on until nothing is due by `until_ms`, and returns where the document is then.
fn settle(interpreter: &mut Interpreter, until_ms: u64) -> String {
    while interpreter.step(until_ms).unwrap().is_some() {}
    interpreter.leaves().join(" ")
}

/// A document of which `pass` or `fail` is the end, run for a minute.
#[track_caller]
fn check(inside: &str) {
    check_with(inside, Documents::new());
}

#[track_caller]
fn check_with(inside: &str, documents: Documents) {
    let inside = format!("{inside}<final id=\"pass\"/><final id=\"fail\"/>");
    let mut interpreter = start_with(&inside, documents);
    let mut told = Vec::new();
    while let Some(turn) = interpreter.step(60_000).unwrap() {
        told.push(turn);
    }
    assert_eq!(interpreter.leaves(), ["pass"], "{told:#?}");
}

/// A state that passes or fails by one condition, after its entry block.
fn when(data: &str, block: &str, condition: &str) -> String {
    format!(
        "<datamodel>{data}</datamodel><state id=\"s\"><onentry>{block}</onentry>\
         <transition cond=\"{condition}\" target=\"pass\"/><transition target=\"fail\"/></state>"
    )
}

/// The document that fuzzing begins with: it has every element.
#[test]
fn a_document_with_every_element_runs_to_its_end() {
    let text = include_str!("documents/door.scxml");
    let documents = Documents::new().with("self", text);
    let machine = Machine::read(text, &documents).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let mut interpreter = Interpreter::new(machine, documents);
    assert_eq!(settle(&mut interpreter, 0), "closed");
    interpreter.send("open", None);
    // The first event that the entry raises leads through the left half.
    assert_eq!(settle(&mut interpreter, 0), "done right");
    interpreter.send("ready", None);
    assert!(settle(&mut interpreter, 0).starts_with("end"));
    interpreter.send("error.mine", None);
    assert_eq!(settle(&mut interpreter, 0), "gone");
}

mod data {
    use super::*;

    #[test]
    fn json_and_texts_stand_in_the_document() {
        check(&when(
            "<data id='x'>{\"fee\": 300, \"who\": [\"甲\"]}</data><data id='t'> two\n words </data>",
            "",
            "x.fee + 1 == 301 &amp;&amp; x.who[0] == '甲' &amp;&amp; t == 'two words'",
        ));
    }

    #[test]
    fn a_part_of_a_variable_can_be_assigned_to() {
        check(&when(
            "<data id='x'>{\"list\": [{\"a\": 1}]}</data><data id='i' expr='0'/>",
            "<assign location='x.list[i].a' expr='2'/><assign location=\"x['new']\" expr='3'/>",
            "x.list[0].a == 2 &amp;&amp; x.new == 3",
        ));
    }

    #[test]
    fn what_is_not_there_cannot_be_assigned_to() {
        for location in ["y", "x.a.b", "x.list[1]", "_event", "_x.y", "e.a"] {
            check(&when(
                "<data id='x'>{\"list\": [1]}</data><data id='e'/><data id='ok' expr='true'/>",
                &format!(
                    "<assign location='{location}' expr='1'/><assign location='ok' expr='false'/>"
                ),
                "ok",
            ));
        }
    }

    #[test]
    fn a_script_declares_and_an_assignment_does_not() {
        check(&when("", "<script>y = 1; z = y + 1</script>", "z == 2"));
    }

    #[test]
    fn a_condition_without_a_value_is_false_and_raises_an_error() {
        check(
            "<state id='s'><transition cond='nothing' target='fail'/>\
             <transition event='error.execution' cond=\"_event.type == 'platform' &amp;&amp; _event.data.element == 'transition'\" target='pass'/></state>",
        );
    }

    #[test]
    fn late_data_get_their_values_when_their_state_is_first_entered() {
        let late = document(
            "<state id='a'><transition cond='!bound(x)' target='b'/></state>\
             <state id='b'><datamodel><data id='x' expr='1'/></datamodel>\
             <onentry><assign location='x' expr='x + 1'/></onentry>\
             <transition cond='x == 2' target='a2'/></state>\
             <state id='a2'><transition cond='x == 2' target='b'/><transition cond='x == 3' target='pass'/></state>\
             <final id='pass'/>",
        )
        .replace("version", "binding=\"late\" version");
        let late = late.replace("cond='x == 2' target='a2'", "cond='x &lt; 4' target='a2'");
        let machine = Machine::read(&late, &Documents::new()).unwrap();
        let mut interpreter = Interpreter::new(machine, Documents::new());
        assert_eq!(settle(&mut interpreter, 0), "pass");
    }

    #[test]
    fn data_can_come_from_a_given_text() {
        check_with(
            &when("<data id='x' src='file:fees.json'/>", "", "x.fee == 300"),
            Documents::new().with("fees.json", "{\"fee\": 300}"),
        );
    }

    #[test]
    fn a_loop_keeps_to_the_items_there_were() {
        check(&when(
            "<data id='x'>[1,2,3]</data><data id='n' expr='0'/>",
            "<foreach array='x' item='it' index='at'><assign location='x' expr='x + [it]'/>\
             <assign location='n' expr='n + it * at'/></foreach>",
            "n == 8 &amp;&amp; size(x) == 6 &amp;&amp; at == 2",
        ));
    }

    #[test]
    fn the_null_data_model_asks_for_states_only() {
        let text = document("<parallel id='p'><state id='a'><transition cond=\"In('b')\" target='end'/></state><state id='b'/></parallel><final id='end'/>")
            .replace("version", "datamodel=\"null\" version");
        let mut interpreter = Interpreter::new(
            Machine::read(&text, &Documents::new()).unwrap(),
            Documents::new(),
        );
        assert_eq!(settle(&mut interpreter, 0), "end");
    }
}

mod time {
    use super::*;

    #[test]
    fn what_is_delayed_comes_when_it_is_due_and_not_before() {
        let mut interpreter = start(
            "<state id='a'><onentry><send event='late' delay='2h'/></onentry>\
             <transition event='late' target='b'/></state><final id='b'/>",
        );
        assert_eq!(settle(&mut interpreter, 7_199_999), "a");
        assert_eq!(interpreter.next_due_ms(), Some(7_200_000));
        assert_eq!(settle(&mut interpreter, 7_200_000), "b");
        assert_eq!(interpreter.now_ms(), 7_200_000);
        assert!(interpreter.is_done());
    }

    #[test]
    fn what_is_cancelled_never_comes() {
        check(
            "<state id='a'><onentry><send id='x' event='one' delay='1s'/><send event='two' delay='2s'/><cancel sendid='x'/></onentry>\
             <transition event='one' target='fail'/><transition event='two' target='pass'/></state>",
        );
    }
}

mod invocation {
    use super::*;

    const CHILD: &str = "<scxml xmlns='http://www.w3.org/2005/07/scxml' version='1.0'>";

    #[test]
    fn a_child_answers_with_its_data() {
        check(&format!(
            "<datamodel><data id='fee' expr='300'/></datamodel>\
             <state id='s'><invoke id='c' namelist='fee'><param name='more' expr='1'/><content>{CHILD}\
             <datamodel><data id='fee' expr='0'/></datamodel>\
             <state id='x'><transition cond='fee == 300 &amp;&amp; !bound(more)' target='y'/></state>\
             <final id='y'><donedata><param name='paid' expr='fee + 1'/></donedata></final></scxml></content></invoke>\
             <transition event='done.invoke.c' cond=\"_event.data.paid == 301 &amp;&amp; _event.invokeid == 'c'\" target='pass'/>\
             <transition event='*' target='fail'/></state>"
        ));
    }

    #[test]
    fn parent_and_child_send_to_each_other() {
        check(&format!(
            "<state id='s'><invoke id='c'><content>{CHILD}<state id='x'><onentry><send target='#_parent' event='hello'/></onentry>\
             <transition event='answer' target='y'/></state><final id='y'/></scxml></content></invoke>\
             <transition event='hello' cond=\"_event.invokeid == 'c'\"><send target='#_c' event='answer'/></transition>\
             <transition event='done.invoke' target='pass'/></state>"
        ));
    }

    #[test]
    fn what_a_child_sends_is_finalized_before_it_is_taken() {
        check(&format!(
            "<datamodel><data id='x' expr='0'/></datamodel>\
             <state id='s'><invoke id='c'><content>{CHILD}<final id='x'><onentry><send target='#_parent' event='news'><param name='v' expr='7'/></send></onentry></final></scxml></content>\
             <finalize><assign location='x' expr='_event.data.v'/></finalize></invoke>\
             <transition event='news' cond='x == 7' target='pass'/><transition event='*' target='fail'/></state>"
        ));
    }

    #[test]
    fn external_events_are_handed_on_when_asked_for() {
        check(&format!(
            "<state id='s'><onentry><send event='ping' delay='1s'/></onentry>\
             <invoke autoforward='true'><content>{CHILD}<state id='x'><transition event='ping' target='y'/></state><final id='y'/></scxml></content></invoke>\
             <transition event='done.invoke' target='pass'/></state>"
        ));
    }

    #[test]
    fn a_child_of_a_state_that_is_left_runs_its_exits_and_is_heard_no_more() {
        check(&format!(
            "<state id='s'><onentry><send event='leave' delay='1s'/></onentry>\
             <invoke><content>{CHILD}<state id='x'><onexit><log label='bye'/><send target='#_parent' event='no'/></onexit></state></scxml></content></invoke>\
             <transition event='leave' target='t'/></state>\
             <state id='t'><onentry><send event='end' delay='1s'/></onentry>\
             <transition event='end' target='pass'/><transition event='*' target='fail'/></state>"
        ));
    }

    #[test]
    fn only_states_that_are_still_active_invoke() {
        check(&format!(
            "<state id='s'><invoke><content>{CHILD}<final id='x'/></scxml></content></invoke><transition target='t'/></state>\
             <state id='t'><onentry><send event='end' delay='1s'/></onentry>\
             <transition event='done.invoke' target='fail'/><transition event='end' target='pass'/></state>"
        ));
    }

    #[test]
    fn a_document_can_be_given_or_worked_out() {
        let child = format!("{CHILD}<final id='x'/></scxml>");
        check_with(
            "<state id='s'><invoke src='child.scxml'/><transition event='done.invoke' target='t'/></state>\
             <state id='t'><invoke srcexpr=\"'file:child' + '.scxml'\"/><transition event='done.invoke' target='pass'/></state>",
            Documents::new().with("child.scxml", child),
        );
        // Its namespace is the one it inherits.
        check(
            "<datamodel><data id='x' expr='1'/></datamodel><state id='s'><onentry><assign location='x'><scxml version='1.0'><final id='y'/></scxml></assign></onentry>\
             <invoke><content expr='x'/></invoke><transition event='done.invoke' target='pass'/><transition event='*' target='fail'/></state>",
        );
    }

    #[test]
    fn what_cannot_be_invoked_raises_an_error() {
        for (invoke, event) in [
            ("<invoke src='nowhere'/>", "error.execution"),
            ("<invoke type='http'/>", "error.execution"),
            (
                "<invoke><content expr=\"'no document'\"/></invoke>",
                "error.communication",
            ),
            ("<invoke namelist='nothing' src='x'/>", "error.execution"),
        ] {
            check(&format!(
                "<state id='s'>{invoke}<transition event='{event}' target='pass'/><transition event='*' target='fail'/></state>"
            ));
        }
    }

    #[test]
    fn a_document_that_invokes_itself_comes_to_a_bound() {
        let text = document(
            "<state id='s'><invoke src='self'/><transition event='error.execution' target='end'/><transition event='done.invoke' target='end'/></state><final id='end'/>",
        );
        let documents = Documents::new().with("self", text.clone());
        let machine = Machine::read(&text, &documents).unwrap();
        let mut interpreter = Interpreter::new(machine, documents);
        assert_eq!(settle(&mut interpreter, 0), "end");
    }
}

mod bounds {
    use super::*;

    fn fails(inside: &str) -> RunError {
        let mut interpreter = start(inside);
        loop {
            match interpreter.step(u64::MAX) {
                Ok(Some(_)) => {}
                Ok(None) => panic!("came to rest in {:?}", interpreter.leaves()),
                Err(error) => return error,
            }
        }
    }

    #[test]
    fn an_endless_macrostep_is_ended() {
        let endless = fails(
            "<state id='a'><transition target='b'/></state><state id='b'><transition target='a'/></state>",
        );
        assert!(matches!(endless, RunError::Endless { .. }));
        let raising = fails(
            "<state id='a'><onentry><raise event='e'/></onentry><transition event='e' target='a'/></state>",
        );
        assert!(matches!(raising, RunError::Endless { .. }));
    }

    #[test]
    fn events_that_send_one_another_for_ever_are_ended() {
        let storm = fails(
            "<state id='a'><onentry><send event='e'/></onentry><transition event='e' target='a'/></state>",
        );
        assert!(matches!(storm, RunError::Exhausted), "{storm:?}");
        let doubling = fails(
            "<state id='a'><onentry><send event='e'/><send event='e'/></onentry><transition event='e' target='a'/></state>",
        );
        assert!(matches!(doubling, RunError::Flooded), "{doubling:?}");
        let later = fails(
            "<state id='a'><onentry><send event='e' delay='1d'/><send event='f' delay='9d'/></onentry><transition event='*' target='a'/></state>",
        );
        assert!(
            matches!(later, RunError::Exhausted | RunError::Flooded),
            "{later:?}"
        );
    }

    #[test]
    fn data_that_grow_are_refused_and_work_runs_out() {
        check(&when(
            "<data id='x' expr=\"'0123456789abcdef'\"/><data id='n' expr='0'/>",
            &"<assign location='x' expr='x + x'/><assign location='n' expr='n + 1'/>".repeat(40),
            "n == 12",
        ));
        let costly = "<datamodel><data id='x'>[0,1,2,3,4,5,6,7,8,9]</data></datamodel><state id='a'><transition cond='x.all(a, x.all(b, x.all(c, x.all(d, x.all(e, x.all(f, x.all(g, a + b + c + d + e + f + g > -1)))))))' target='b'/></state><state id='b'/>";
        assert!(matches!(fails(costly), RunError::Exhausted));
    }
}
