use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use groundbreak_engine::{Engine, PublishError};
use groundbreak_workflow::{
    District, LibraryError, Measures, SOURCE_LENGTH_MAX, Workflow, assemble, compile_district,
    compile_measures,
};

use crate::shipped;
use crate::trouble::Trouble;

/// How deep folders of definitions are searched.
const DEPTH_MAX: usize = 4;

/// A file that defines a calendar, a workflow or a measure.
#[derive(Clone, Debug)]
pub(crate) struct DefinitionFile {
    /// Where it was read from, as it is shown.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) text: String,
    /// What it defines.
    pub(crate) kind: DefinitionKind,
    /// The blocks its text was put together with, in order.
    pub(crate) blocks: Vec<BlockPart>,
}

/// A file that was read into the text of another.
#[derive(Clone, Debug)]
pub(crate) struct BlockPart {
    /// Where it was read from, as it is shown.
    pub(crate) path: PathBuf,
    /// Where its text stands in the other.
    pub(crate) bytes: Range<usize>,
}

/// A place in a definition, in the file its author wrote.
pub(crate) struct Written<'a> {
    /// The file.
    pub(crate) path: &'a Path,
    /// Its text.
    pub(crate) text: &'a str,
    /// The bytes in it.
    pub(crate) span: Range<usize>,
}

/// What a file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DefinitionKind {
    Calendar,
    Workflow,
    /// Part of workflows, and nothing by itself.
    Block,
    /// How workflows are reported to the national exchange.
    Exchange,
    /// A figure over cases.
    Measure,
    /// The register of a district.
    District,
}

impl DefinitionKind {
    /// Tells what a text defines, by its outermost keys. What looks like neither is taken for a
    /// workflow, whose compiler says what is wrong with it.
    pub(crate) fn of(text: &str) -> Self {
        let mut keys = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, _)| key.trim_end());
        // A measure names the workflow it counts.
        if keys.clone().any(|key| key == "measure") {
            return Self::Measure;
        }
        if keys.clone().any(|key| key == "district") {
            return Self::District;
        }
        // `workflow` may stand anywhere, and then decides.
        if keys.clone().any(|key| key == "workflow" || key == "states") {
            return Self::Workflow;
        }
        if keys.clone().any(|key| key == "block") {
            return Self::Block;
        }
        if keys.clone().any(|key| key == "exchange") {
            return Self::Exchange;
        }
        let calendar = keys.any(|key| matches!(key, "tz" | "weekly" | "inherits" | "exceptions"));
        if calendar {
            Self::Calendar
        } else {
            Self::Workflow
        }
    }
}

impl DefinitionFile {
    /// Reads a definition, and the blocks it uses: those in the folder `blocks` beside it, else
    /// those that come with this program.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = read_definition(path)?;
        let kind = DefinitionKind::of(&text);
        if kind != DefinitionKind::Workflow {
            return Ok(Self::alone(path.to_owned(), kind, text));
        }
        let mut blocks = shipped_blocks();
        blocks.extend(blocks_in(path.parent().unwrap_or(Path::new("")))?);
        Ok(Self::assembled(path.to_owned(), &text, &blocks))
    }

    /// A definition that stands by itself.
    pub(crate) fn alone(path: PathBuf, kind: DefinitionKind, text: String) -> Self {
        Self {
            path,
            text,
            kind,
            blocks: Vec::new(),
        }
    }

    /// A workflow with the blocks it uses, of those there are.
    fn assembled(path: PathBuf, text: &str, blocks: &Blocks) -> Self {
        let names: Vec<String> = blocks.keys().cloned().collect();
        let assembled = assemble(text, &names, |name| {
            blocks.get(name).map(|(_, text)| text.clone())
        });
        let parts = assembled.blocks.into_iter().filter_map(|(name, bytes)| {
            let (path, _) = blocks.get(&name)?;
            Some(BlockPart {
                path: path.clone(),
                bytes,
            })
        });
        Self {
            path,
            kind: DefinitionKind::Workflow,
            blocks: parts.collect(),
            text: assembled.text,
        }
    }

    /// Returns where a place of the text was written.
    pub(crate) fn written(&self, span: &Range<usize>) -> Written<'_> {
        let block = self
            .blocks
            .iter()
            .find(|block| block.bytes.contains(&span.start));
        let (path, bytes) = match block {
            Some(block) => (&block.path, block.bytes.clone()),
            // What a file was put together with stands behind it.
            None => {
                let end = self.blocks.first().map(|block| block.bytes.start);
                (&self.path, 0..end.unwrap_or(self.text.len()))
            }
        };
        Written {
            path,
            text: self.text.get(bytes.clone()).unwrap_or_default(),
            span: span.start.saturating_sub(bytes.start)..span.end.saturating_sub(bytes.start),
        }
    }

    /// Returns the definitions that come with this program, calendars first.
    pub(crate) fn shipped() -> Vec<Self> {
        let blocks = shipped_blocks();
        let calendars = shipped::CALENDARS.iter().map(|file| {
            let text = file.text.to_owned();
            Self::alone(file.path.into(), DefinitionKind::Calendar, text)
        });
        let workflows = shipped::WORKFLOWS
            .iter()
            .map(|file| Self::assembled(file.path.into(), file.text, &blocks));
        calendars.chain(workflows).collect()
    }

    /// Returns the definitions that come with this program, with those of some folders laid over
    /// them: a file takes the place of the one that stands at the same path in what is below, and
    /// any other is added. A block takes the place of its namesake in every workflow that uses it.
    ///
    /// # Source
    ///
    /// docs/decisions/0024-a-district-is-an-overlay.md.
    pub(crate) fn overlaid(folders: &[PathBuf]) -> Result<Vec<Self>> {
        let mut blocks = shipped_blocks();
        let shipped = shipped::CALENDARS.iter().chain(&shipped::WORKFLOWS);
        let mut files: BTreeMap<PathBuf, (PathBuf, String)> = shipped
            .map(|file| {
                let path = PathBuf::from(file.path);
                let within = path.strip_prefix("workflows").unwrap_or(&path).to_owned();
                (within, (path, file.text.to_owned()))
            })
            .collect();
        for folder in folders {
            blocks.extend(blocks_in(folder)?);
            let mut paths = Vec::new();
            collect(folder, DEPTH_MAX, &mut paths)?;
            for path in paths {
                let within = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                let text = read_definition(&path)?;
                files.insert(within, (path, text));
            }
        }
        let mut overlaid = Vec::new();
        for (within, (path, text)) in files {
            let kind = DefinitionKind::of(&text);
            let nested = within.components().count() > 1;
            match kind {
                DefinitionKind::Block
                | DefinitionKind::Exchange
                | DefinitionKind::Measure
                | DefinitionKind::District => {}
                DefinitionKind::Calendar => overlaid.push(Self::alone(path, kind, text)),
                DefinitionKind::Workflow if nested => {
                    let mut blocks = blocks.clone();
                    blocks.extend(blocks_in(path.parent().unwrap_or(Path::new("")))?);
                    overlaid.push(Self::assembled(path, &text, &blocks));
                }
                DefinitionKind::Workflow => overlaid.push(Self::assembled(path, &text, &blocks)),
            }
        }
        Ok(overlaid)
    }

    /// Reads the calendars and workflows in a folder and the folders in it, by name.
    pub(crate) fn read_all(folder: &Path) -> Result<Vec<Self>> {
        let published = [DefinitionKind::Calendar, DefinitionKind::Workflow];
        Self::read_of(folder, &published)
    }

    /// Reads the measures in a folder and the folders in it, by name.
    pub(crate) fn read_measures(folder: &Path) -> Result<Vec<Self>> {
        Self::read_of(folder, &[DefinitionKind::Measure])
    }

    /// Returns the measures that come with this program.
    pub(crate) fn shipped_measures() -> Vec<Self> {
        let measures = shipped::MEASURES.iter().map(|file| {
            let text = file.text.to_owned();
            Self::alone(file.path.into(), DefinitionKind::Measure, text)
        });
        measures.collect()
    }

    /// Reads the registers of districts in a folder and the folders in it, by name.
    pub(crate) fn read_districts(folder: &Path) -> Result<Vec<Self>> {
        Self::read_of(folder, &[DefinitionKind::District])
    }

    /// Returns the registers of districts that come with this program.
    pub(crate) fn shipped_districts() -> Vec<Self> {
        let districts = shipped::DISTRICTS.iter().map(|file| {
            let text = file.text.to_owned();
            Self::alone(file.path.into(), DefinitionKind::District, text)
        });
        districts.collect()
    }

    fn read_of(folder: &Path, kinds: &[DefinitionKind]) -> Result<Vec<Self>> {
        let mut paths = Vec::new();
        collect(folder, DEPTH_MAX, &mut paths)?;
        paths.sort();
        let mut files = Vec::new();
        for path in &paths {
            let file = Self::read(path)?;
            if kinds.contains(&file.kind) {
                files.push(file);
            }
        }
        Ok(files)
    }
}

/// The name of the folder beside definitions that holds the blocks they use.
const BLOCKS: &str = "blocks";

/// Blocks by name: where each was read from, and its text.
type Blocks = BTreeMap<String, (PathBuf, String)>;

fn shipped_blocks() -> Blocks {
    let blocks = shipped::BLOCKS.iter().map(|file| {
        let path = PathBuf::from(file.path);
        (stem(&path), (path, file.text.to_owned()))
    });
    blocks.collect()
}

/// Reads the blocks beside the definitions of a folder, if there are any.
fn blocks_in(folder: &Path) -> Result<Blocks> {
    let folder = folder.join(BLOCKS);
    let mut blocks = Blocks::new();
    if folder.is_dir() {
        let mut paths = Vec::new();
        collect(&folder, 0, &mut paths)?;
        for path in paths {
            let text = read_definition(&path)?;
            blocks.insert(stem(&path), (path, text));
        }
    }
    Ok(blocks)
}

fn read_definition(path: &Path) -> Result<String> {
    read_text(path, u64::try_from(SOURCE_LENGTH_MAX).unwrap_or(u64::MAX))
}

/// The name of a file, without what says its form: that of the block in it.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |source| Trouble::Unreadable {
        path: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() && depth > 0 {
            collect(&path, depth - 1, paths)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            paths.push(path);
        }
    }
    Ok(())
}

/// Reads a text file of at most `bytes_max` bytes.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String> {
    let bytes = read_bytes(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..byte).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let path = path.to_owned();
        Trouble::NotUtf8 { path, line, byte }.into()
    })
}

/// Reads a file of so many bytes at most.
pub(crate) fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let unreadable = |source| Trouble::Unreadable {
        path: path.to_owned(),
        source,
    };
    // A device has no end, and opening a pipe waits for whoever writes into it.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(Trouble::NotAFile {
            path: path.to_owned(),
        }
        .into());
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // Read one byte further than allowed: a file may grow while it is read.
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > bytes_max) {
        return Err(Trouble::FileTooLarge {
            path: path.to_owned(),
            bytes_max,
        }
        .into());
    }
    Ok(bytes)
}

/// Compiles measures against the newest versions of workflows.
///
/// # Errors
///
/// [`Trouble::FaultyDefinition`] for the first file with a fault.
pub(crate) fn measures(files: &[DefinitionFile], workflows: &[Arc<Workflow>]) -> Result<Measures> {
    let sources: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
    compile_measures(&sources, workflows.iter().map(Arc::as_ref)).map_err(|faulty| {
        let first = faulty.first().and_then(|(index, _)| files.get(*index));
        let path = first.map(|file| file.path.clone()).unwrap_or_default();
        Trouble::FaultyDefinition { path }.into()
    })
}

/// Compiles the register of a district against the newest versions of workflows.
///
/// # Errors
///
/// [`Trouble::FaultyDefinition`] when it has a fault.
pub(crate) fn district(file: &DefinitionFile, workflows: &[Arc<Workflow>]) -> Result<District> {
    compile_district(&file.text, workflows.iter().map(Arc::as_ref)).map_err(|_| {
        let path = file.path.clone();
        Trouble::FaultyDefinition { path }.into()
    })
}

/// Publishes definitions: calendars first, each after the one it inherits from, then workflows.
/// What is published already stays as it is.
pub(crate) async fn publish(engine: &Engine, files: &[DefinitionFile]) -> Result<()> {
    let (mut calendars, workflows): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|file| file.kind == DefinitionKind::Calendar);
    while !calendars.is_empty() {
        let mut waiting = Vec::new();
        let mut fault = None;
        for file in &calendars {
            match engine.publish_calendar(&file.text).await {
                Ok(_) => {}
                // It may inherit from one that comes later.
                Err(error @ PublishError::Library(LibraryError::Faults(_))) => {
                    fault.get_or_insert((file, error));
                    waiting.push(*file);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if waiting.len() == calendars.len()
            && let Some((file, _)) = fault
        {
            return Err(Trouble::FaultyDefinition {
                path: file.path.clone(),
            }
            .into());
        }
        calendars = waiting;
    }
    for file in workflows {
        match engine.publish_workflow(&file.text).await {
            Ok(_) => {}
            Err(PublishError::Library(LibraryError::Faults(_))) => {
                return Err(Trouble::FaultyDefinition {
                    path: file.path.clone(),
                }
                .into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_keys_tell_what_a_file_defines() {
        let rows = [
            ("id: hall\ntz: Asia/Shanghai\n", DefinitionKind::Calendar),
            (
                "# workflow: no\nid: hall\ninherits: china\n",
                DefinitionKind::Calendar,
            ),
            ("workflow: permit\nstates:\n", DefinitionKind::Workflow),
            ("title: x\nstates:\n  tz: y\n", DefinitionKind::Workflow),
            ("# x\nblock: matter\nstate:\n", DefinitionKind::Block),
            (
                "exchange: hall\nprojects:\n  - workflow: x\n",
                DefinitionKind::Exchange,
            ),
            ("district: pengjiang\nteams:\n", DefinitionKind::District),
            (
                "measure: planned\nworkflow: investment-lead\n",
                DefinitionKind::Measure,
            ),
            ("", DefinitionKind::Workflow),
        ];
        for (text, kind) in rows {
            assert_eq!(DefinitionKind::of(text), kind, "{text}");
        }
    }
}
