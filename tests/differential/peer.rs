//! The interpreter that charts are compared with, in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::generate::Specimen;
use crate::notation;

/// Node, with `peer.mjs`. It ends when its input does.
pub(crate) struct Peer {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(packages: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/peer.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .arg(packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|err| panic!("node does not start: {err}"));
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            input,
            output,
        }
    }

    /// Returns, for each chart, what the start and each event led to.
    pub(crate) fn ask(&mut self, specimens: &[Specimen]) -> Vec<Vec<String>> {
        let questions: Vec<Value> = specimens
            .iter()
            .map(|it| json!({"chart": notation::model(&it.root, &it.words), "events": it.events}))
            .collect();
        // One line each way: neither side writes while the other does.
        let question = Value::from(questions).to_string();
        writeln!(self.input.as_ref().unwrap(), "{question}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let answers: Vec<Vec<String>> = serde_json::from_str(&answer)
            .unwrap_or_else(|err| panic!("the peer has no answer ({err})"));
        assert_eq!(answers.len(), specimens.len());
        answers
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.process.wait();
    }
}
