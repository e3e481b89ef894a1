//! The book: its commands, snippets and districts run, its links exist, and every element of the interface is
//! described.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "common/book.rs"]
mod book;
mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anergy::schema::files::RUN_FOLDER;

use book::{Block, Chapter, chapters, source};
use common::{anergy, project, stderr, stdout};

/// The imports of the book's Python snippets.
const PYTHON_PACKAGES: &str = "import pandas, polars, xarray, pyarrow";

/// Returns the interpreter for snippets: that of `ANERGY_PYTHON`, which must have all packages, or `python3` if it has
/// them; `None` otherwise.
fn python() -> Option<PathBuf> {
    let asked = std::env::var_os("ANERGY_PYTHON").map(PathBuf::from);
    let interpreter = asked.clone().unwrap_or_else(|| PathBuf::from("python3"));
    let output = Command::new(&interpreter).args(["-c", PYTHON_PACKAGES]).output();
    if output.as_ref().is_ok_and(|output| output.status.success()) {
        return Some(interpreter);
    }
    let reason = output.map_or_else(|error| error.to_string(), |output| stderr(&output));
    assert!(asked.is_none(), "ANERGY_PYTHON is set, but `{PYTHON_PACKAGES}` fails there: {reason}");
    eprintln!(
        "SKIPPED: the book's Python snippets; `{PYTHON_PACKAGES}` fails with python3 (name another one in \
         ANERGY_PYTHON)"
    );
    None
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), &place).unwrap();
        }
    }
}

/// The environment of a chapter: a folder with the committed districts and networks, in which each block finds the
/// files of the blocks before.
struct Stage {
    folder: tempfile::TempDir,
    python: Option<PathBuf>,
    /// The output of the last commands, on both streams.
    printed: String,
}

impl Stage {
    fn new(python: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["configs", "networks"] {
            copy(Path::new(&project(part)), &folder.path().join(part));
        }
        Self { folder, python, printed: String::new() }
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let built = Path::new(env!("CARGO_BIN_EXE_anergy")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let home = self.folder.path();
        Command::new(program)
            .args(arguments)
            .current_dir(home)
            .env("PATH", format!("{}:{path}", built.display()))
            .env("HOME", home)
            .output()
            .unwrap()
    }

    /// Runs a block; the error describes the failure.
    fn block(&mut self, block: &Block) -> Result<(), String> {
        let expected = block.mark("exits").map_or(0, |code| code.parse().unwrap());
        let failed = |output: &Output| match output.status.code() == Some(expected) {
            true => Ok(()),
            false => Err(format!("{}\n{}{}", output.status, stdout(output), stderr(output))),
        };
        match block.language.as_str() {
            "sh" => {
                let output = self.run(Path::new("sh"), &["-eu", "-c", &block.code]);
                self.printed = stdout(&output) + &stderr(&output);
                failed(&output)
            }
            "text" => {
                let printed: Vec<&str> = self.printed.lines().map(str::trim).collect();
                let missing = block.code.lines().map(str::trim).find(|line| *line != "..." && !printed.contains(line));
                missing.map_or(Ok(()), |line| Err(format!("`{line}` is not printed; printed was\n{}", self.printed)))
            }
            "python" => match &self.python {
                Some(python) => failed(&self.run(python, &["-c", &block.code])),
                None => Ok(()),
            },
            "yaml" => {
                let name = block.mark("file").unwrap_or("district-of-the-book.yaml");
                let is_district =
                    ["carriers:", "sites:"].iter().all(|key| block.code.lines().any(|line| line.starts_with(key)));
                if !is_district && block.mark("file").is_none() {
                    return Ok(());
                }
                let place = self.folder.path().join(name);
                std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                std::fs::write(&place, &block.code).unwrap();
                if is_district { failed(&anergy(self.folder.path(), &["check", name])) } else { Ok(()) }
            }
            "" => Ok(()),
            other => Err(format!("a block of `{other}` has no interpreter")),
        }
    }
}

/// Runs all blocks of a chapter in order; returns the failures.
fn run(chapter: &Chapter, python: Option<PathBuf>) -> Vec<String> {
    let blocks: Vec<Block> = chapter.blocks().into_iter().filter(|block| block.mark("not run").is_none()).collect();
    if blocks.is_empty() {
        return Vec::new();
    }
    let mut stage = Stage::new(python);
    let at = |block: &Block| format!("docs/src/{}:{}", chapter.name, block.line);
    let failure = |(block, result): (&Block, Result<(), String>)| Some(format!("{}: {}", at(block), result.err()?));
    blocks.iter().filter_map(|block| failure((block, stage.block(block)))).collect()
}

/// Returns whether a block needs a build with Parquet files.
fn needs_parquet(block: &Block) -> bool {
    ["anergy sweep", "parquet"].iter().any(|word| block.code.contains(word))
}

#[test]
fn every_command_snippet_and_district_runs() {
    if cfg!(not(feature = "parquet")) {
        let all = chapters();
        let needed: usize =
            all.iter().map(|chapter| chapter.blocks().iter().filter(|block| needs_parquet(block)).count()).sum();
        eprintln!("SKIPPED: the book is for a build with the feature `parquet`, which {needed} of its blocks need");
        return;
    }
    let python = python();
    let chapters = chapters();
    let (mut failures, next) = (std::sync::Mutex::new(Vec::new()), std::sync::atomic::AtomicUsize::new(0));
    // Two chapters at a time, because the program itself runs in parallel.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(chapter) = chapters.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let found = run(chapter, python.clone());
                    failures.lock().unwrap().extend(found);
                }
            });
        }
    });
    let failures = failures.get_mut().unwrap();
    failures.sort();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let ran = |language: &str| {
        let blocks = chapters.iter().flat_map(Chapter::blocks);
        blocks.filter(|block| block.language == language && block.mark("not run").is_none()).count()
    };
    assert!(ran("sh") > 20 && ran("python") >= 3 && ran("yaml") > 3, "the blocks are still found");
}

/// A block that is not run says why.
#[test]
fn blocks_that_are_not_run_have_a_reason() {
    for chapter in chapters() {
        for block in chapter.blocks() {
            let known = block.mark.is_empty() || ["file", "exits"].iter().any(|kind| block.mark(kind).is_some());
            let reason = block.mark("not run").map(str::len);
            assert!(known || reason > Some(3), "{}:{}: what does `{}` mean?", chapter.name, block.line, block.mark);
        }
    }
}

#[test]
fn every_link_has_a_target_and_every_chapter_is_in_the_summary() {
    let chapters = chapters();
    let mut wrong = String::new();
    for chapter in &chapters {
        for link in chapter.links() {
            let elsewhere = link.starts_with("https://");
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file = if file.is_empty() { &chapter.name } else { file };
            let target = chapters.iter().find(|known| known.name == file);
            let fine = match target {
                _ if elsewhere => true,
                Some(target) => anchor.is_empty() || target.anchors().iter().any(|known| known == anchor),
                None => anchor.is_empty() && !file.ends_with(".md") && source().join(file).is_file(),
            };
            if !fine {
                let _ = writeln!(wrong, "{}: {link}", chapter.name);
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{wrong}");
    let summary = chapters.iter().find(|chapter| chapter.name == "SUMMARY.md").unwrap().links();
    for chapter in chapters.iter().filter(|chapter| chapter.name != "SUMMARY.md") {
        assert_eq!(summary.iter().filter(|link| **link == chapter.name).count(), 1, "{} in the summary", chapter.name);
    }
    // The parts of the book that README.md refers to exist.
    let readme = Chapter { name: "README.md".to_owned(), text: std::fs::read_to_string(project("README.md")).unwrap() };
    for link in readme.links().iter().filter(|link| link.starts_with("docs/")) {
        assert!(Path::new(&project(link)).is_file(), "README.md: {link}");
    }
}

/// Returns a source file of the project, to look up names that no interface lists.
fn code(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap()
}

fn chapter(name: &str) -> String {
    std::fs::read_to_string(source().join(name)).unwrap()
}

/// Returns the words under `Commands:` of a help text.
fn verbs(arguments: &[&str]) -> Vec<String> {
    let output = anergy(Path::new("."), &[arguments, &["--help"]].concat());
    let help = stdout(&output);
    let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let names = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_verb_and_every_exit_code_is_explained() {
    let page = chapter("commands.md");
    let top = verbs(&[]);
    assert!(top.len() >= 9, "{top:?}");
    for verb in top {
        assert!(page.contains(&format!("`anergy {verb}")), "anergy {verb}");
        for below in verbs(&[&verb]) {
            assert!(page.contains(&format!("`anergy {verb} {below}")), "anergy {verb} {below}");
        }
    }
    use anergy::run::Ending;
    let of_failures: Vec<String> = code("src/cli/mod.rs")
        .lines()
        .filter_map(|line| Some(line.split("u8 = ").nth(1)?.trim_end_matches(';').to_owned()))
        .filter(|code| code.parse::<u8>().is_ok())
        .collect();
    assert!(of_failures.len() >= 3, "{of_failures:?}");
    let endings = [Ending::Done, Ending::NotConverged, Ending::Infeasible, Ending::Incomplete];
    let of_endings = endings.map(|ending| ending.exit_code().to_string());
    let all: std::collections::BTreeSet<_> = of_failures.iter().chain(&of_endings).collect();
    assert!(all.len() >= 7, "{all:?}");
    for code in of_failures.iter().chain(&of_endings) {
        assert!(page.contains(&format!("\n| {code} |")), "exit code {code}");
    }
}

#[test]
fn every_verdict_and_every_scheme_is_explained() {
    let page = chapter("convergence.md");
    let names = code("crates/data/src/schema/verdict.rs");
    let names: Vec<&str> =
        names.lines().filter_map(|line| line.trim().split("=> \"").nth(1)?.split('"').next()).collect();
    // Their names in tables; those in sentences begin with a small letter.
    let names: Vec<&str> = names.into_iter().filter(|name| name.starts_with(char::is_uppercase)).collect();
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("\n| `{name}` |")), "verdict {name}");
    }
    for scheme in anergy::coupling::SchemeChoice::ALL {
        assert!(page.contains(&format!("\n| `{}` |", scheme.name())), "scheme {}", scheme.name());
    }
}

#[test]
fn every_file_of_a_run_folder_and_its_columns_are_explained() {
    let page = chapter("results.md").replace("\\|", "|");
    for file in RUN_FOLDER {
        assert!(page.contains(&format!("`{file}`")), "{file}");
    }
    // The columns of each table, as its module of the schema declares them.
    let mut found = 0;
    for table in ["timeseries", "convergence", "network_components"] {
        for name in constants(&format!("crates/data/src/schema/columns/{table}.rs")) {
            found += 1;
            assert!(page.contains(&format!("`{name}`")) || page.contains(&format!("|{name}`")), "{table}.csv: {name}");
        }
    }
    assert!(found >= 70, "{found} names of columns");
}

/// The texts of the constants that a file of the schema declares.
fn constants(path: &str) -> Vec<String> {
    let text = code(path);
    let declared = text.split("pub const ").skip(1).filter_map(|rest| rest.split_once(": &str ="));
    declared.filter_map(|(_, value)| Some(value.split('"').nth(1)?.to_owned())).collect()
}

/// The committed pages of keys are the output of this version.
#[test]
fn the_pages_of_keys_are_up_to_date() {
    for (files, page) in [("district", "keys.md"), ("loop", "keys-loop.md"), ("sweep", "keys-sweep.md")] {
        let output = anergy(Path::new("."), &["schema", "--format", "markdown", files]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(
            stdout(&output) == chapter(page),
            "write it anew: anergy schema --format markdown {files} > docs/src/{page}"
        );
    }
    // Every property of the sweep file's schema is a row; the other pages have their own tests.
    let output = anergy(Path::new("."), &["schema", "sweep"]);
    let schema: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let page = chapter("keys-sweep.md");
    let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let keys: Vec<&String> =
        objects.filter_map(|object| object["properties"].as_object()).flat_map(|keys| keys.keys()).collect();
    assert!(keys.len() > 20);
    for key in keys {
        assert!(page.contains(&format!("{key}` |")), "{key}");
    }
}
