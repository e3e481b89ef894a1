//! `anergy completions` and `anergy man`: completions for shells and manual pages of the command line.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Failure};
use crate::results::write_file;

/// Print what completes commands in a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy completions bash > ~/.local/share/bash-completion/completions/anergy\n  \
    anergy completions zsh > ~/.zfunc/_anergy\n  \
    anergy completions fish > ~/.config/fish/completions/anergy.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(&self) -> Result<u8, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), NAME, &mut script);
        super::print_unchanged(&String::from_utf8_lossy(&script))?;
        Ok(0)
    }
}

/// Write the manual: a page for the program and one for each of its commands
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy man ~/.local/share/man/man1 && man anergy-run")]
pub(super) struct Man {
    /// Folder that the pages go to; it is made where it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// The name of the program.
const NAME: &str = "anergy";

impl Man {
    pub(super) fn execute(&self) -> Result<u8, Failure> {
        let failed = |path: &PathBuf| {
            let path = path.clone();
            move |source| Failure::Write { path, source }
        };
        std::fs::create_dir_all(&self.folder).map_err(failed(&self.folder))?;
        let mut program = Cli::command();
        // This sets the full name of every subcommand.
        program.build();
        for command in pages(program) {
            let path = self.folder.join(format!("{}.1", command.get_display_name().unwrap_or(NAME)));
            let page = clap_mangen::Man::new(command);
            write_file(&path, |file| page.render(file)).map_err(failed(&path))?;
            super::say(&path.display().to_string());
        }
        Ok(0)
    }
}

/// Returns a command and all its subcommands.
fn pages(command: Command) -> Vec<Command> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help").cloned();
    let below: Vec<Command> = below.flat_map(pages).collect();
    std::iter::once(command).chain(below).collect()
}
