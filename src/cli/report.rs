//! `anergy report`: makes pages and images of results in folders.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::report::{Page, ReportError, RunResults, comparison_page, effects_page, html, print, run_page, sweep_page};
use crate::results::{name_of, write_file};
use crate::schema::files::{COMPARISON_REPORT, EFFECTS, FIGURES, JOURNAL, REPORT, SUMMARY, SWEEP_MANIFEST};

/// Make a report of results: of a run, of several runs side by side, of a sweep, of the effects of the published case's
/// switches
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy report results/smart_district\n  \
    anergy report results/smart_district results/smart_district-batteries --output comparison.html\n  \
    anergy report results/loop_mass --png --svg")]
pub(super) struct Report {
    /// Folders of results; several runs are shown side by side, differences are to the first
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Where the page goes [default: report.html in the folder; of several, comparison.html in the folder above the
    /// first]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Each figure as PNG too (180 mm wide, 300 dots per inch), in the folder `figures` beside the page
    #[arg(long)]
    png: bool,
    /// Each figure as SVG too, in the same folder
    #[arg(long)]
    svg: bool,
    /// Do not say where the files are
    #[arg(long, short)]
    quiet: bool,
}

/// The kind of results in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Sweep,
    Effects,
}

impl Kind {
    fn of(folder: &Path) -> Result<Self, ReportError> {
        let has = |file: &str| folder.join(file).is_file();
        match () {
            () if has(SUMMARY) => Ok(Self::Run),
            () if folder.join(JOURNAL).is_dir() => Err(ReportError::Unfinished(folder.to_owned())),
            () if has(EFFECTS) => Ok(Self::Effects),
            () if has(SWEEP_MANIFEST) => Ok(Self::Sweep),
            () => Err(ReportError::NotResults(folder.to_owned())),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Sweep => "sweep",
            Self::Effects => "study of effects",
        }
    }
}

impl Report {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let page = self.page()?;
        let first = &self.folders[0];
        let output = self.output.clone().unwrap_or_else(|| match self.folders.len() {
            1 => first.join(REPORT),
            _ => above(first).join(COMPARISON_REPORT),
        });
        if output.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
            return Err(Failure::Write { path: output, source: missing });
        }
        write(&output, html(&page)?.as_bytes())?;
        if !self.quiet {
            super::print(&format!("{}\n", output.display()))?;
        }
        if self.png || self.svg {
            let folder = output.parent().unwrap_or(Path::new("")).join(FIGURES);
            let count = self.pictures(&page, &folder)?;
            if !self.quiet {
                super::print(&format!("{} ({count} files)\n", folder.display()))?;
            }
        }
        Ok(0)
    }

    fn page(&self) -> Result<Page, ReportError> {
        let kinds: Vec<Kind> = self.folders.iter().map(|folder| Kind::of(folder)).collect::<Result<_, _>>()?;
        if let [folder] = self.folders.as_slice() {
            let name = name_of(folder);
            return match kinds[0] {
                Kind::Run => Ok(run_page(&RunResults::read(folder, &name)?)),
                Kind::Sweep => sweep_page(folder, &name),
                Kind::Effects => effects_page(folder, &name),
            };
        }
        if let Some((folder, kind)) = self.folders.iter().zip(&kinds).find(|(_, kind)| **kind != Kind::Run) {
            return Err(ReportError::NotARun { path: folder.clone(), kind: kind.name() });
        }
        let names = names(&self.folders);
        let runs = self.folders.iter().zip(names).map(|(folder, name)| RunResults::read(folder, &name));
        Ok(comparison_page(&runs.collect::<Result<Vec<_>, _>>()?))
    }

    /// Writes the figures as images; returns the number of files.
    fn pictures(&self, page: &Page, folder: &Path) -> Result<usize, Failure> {
        use rayon::prelude::*;
        std::fs::create_dir_all(folder).map_err(|source| Failure::Write { path: folder.to_owned(), source })?;
        let figures: Vec<_> = page.figures().collect();
        let written: Result<Vec<usize>, Failure> = figures
            .par_iter()
            .map(|figure| {
                if self.svg {
                    write(&folder.join(format!("{}.svg", figure.id)), print::svg(figure).as_bytes())?;
                }
                if self.png {
                    write(&folder.join(format!("{}.png", figure.id)), &print::png(figure)?)?;
                }
                Ok(usize::from(self.svg) + usize::from(self.png))
            })
            .collect();
        Ok(written?.into_iter().sum())
    }
}

/// Returns the parent folder, also of `.` and `..`.
fn above(folder: &Path) -> PathBuf {
    let plain = folder.parent().filter(|_| folder.file_name().is_some());
    let resolved = || folder.canonicalize().ok().and_then(|folder| folder.parent().map(Path::to_owned));
    plain.map(Path::to_owned).or_else(resolved).unwrap_or_default()
}

/// Returns the names of folders; equal names are preceded by the parent folder.
fn names(folders: &[PathBuf]) -> Vec<String> {
    let short: Vec<String> = folders.iter().map(|folder| name_of(folder)).collect();
    let alike = |name: &String| short.iter().filter(|other| *other == name).count() > 1;
    let long = |folder: &Path, name: &String| format!("{}/{name}", name_of(&above(folder)));
    folders
        .iter()
        .zip(&short)
        .map(|(folder, name)| if alike(name) { long(folder, name) } else { name.clone() })
        .collect()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_file(path, |file| file.write_all(bytes)).map_err(|source| Failure::Write { path: path.to_owned(), source })
}
