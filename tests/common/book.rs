//! The book's chapters, taken apart: text, code blocks with what is said of them, headings and links.

use std::path::{Path, PathBuf};

/// A chapter as it is written.
pub struct Chapter {
    /// Its file in `docs/src`.
    pub name: String,
    pub text: String,
}

/// A block of code in a chapter.
pub struct Block {
    /// Line on which it begins, from 1.
    pub line: usize,
    /// What stands behind the opening fence.
    pub language: String,
    pub code: String,
    /// The comment on the line before it: `not run: REASON`, `file: NAME`, `exits: CODE`.
    pub mark: String,
}

impl Block {
    /// What a mark of this kind says.
    pub fn mark(&self, kind: &str) -> Option<&str> {
        self.mark.strip_prefix(kind).map(|rest| rest.trim_start_matches(':').trim())
    }
}

pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")
}

/// All chapters, `SUMMARY.md` among them.
pub fn chapters() -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = std::fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| Chapter {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(path).unwrap(),
        })
        .collect();
    chapters.sort_by(|a, b| a.name.cmp(&b.name));
    chapters
}

impl Chapter {
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        let mut before = "";
        for (index, line) in self.text.lines().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(block), None) => block.code += &format!("{line}\n"),
                (None, Some(language)) => {
                    let mark = before.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
                    open = Some(Block {
                        line: index + 1,
                        language: language.trim().to_owned(),
                        code: String::new(),
                        mark: mark.unwrap_or_default().to_owned(),
                    });
                }
                (None, None) => {}
            }
            before = line;
        }
        assert!(open.is_none(), "{}: a block of code does not end", self.name);
        blocks
    }

    /// The chapter without its blocks of code.
    pub fn prose(&self) -> String {
        let mut inside = false;
        let kept = self.text.lines().filter(|line| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        });
        kept.collect::<Vec<_>>().join("\n")
    }

    /// The anchors of its headings, as mdBook makes them.
    pub fn anchors(&self) -> Vec<String> {
        let prose = self.prose();
        let mut anchors: Vec<String> = Vec::new();
        for title in prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
        {
            let letters = title.chars().filter_map(|letter| match letter {
                letter if letter.is_alphanumeric() || letter == '_' || letter == '-' => letter.to_lowercase().next(),
                letter if letter.is_whitespace() => Some('-'),
                _ => None,
            });
            let anchor: String = letters.collect();
            let same = anchors.iter().filter(|known| **known == anchor).count();
            anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
        }
        anchors
    }

    /// The targets of its links.
    pub fn links(&self) -> Vec<String> {
        let prose = self.prose();
        prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
    }
}
