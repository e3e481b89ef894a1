//! The command line: parse, call, print, exit code. One file per verb.

mod case;
mod check;
mod failure;
mod import;
mod interrupt;
mod manual;
mod new;
mod output;
mod progress;
mod report;
mod reproduce;
mod run;
mod schema;
mod study;
#[cfg(feature = "parquet")]
mod sweep;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Finding, Level};
use crate::input::printable;
use failure::Failure;

/// Exit codes, as `--help` lists them; those of a run are in its [`Ending`](crate::run::Ending).
mod exit {
    use crate::run::Ending;

    pub(super) const INTERNAL: u8 = 1;
    pub(super) const BAD_INPUT: u8 = 2;
    pub(super) const INFEASIBLE: u8 = Ending::Infeasible.exit_code();
    pub(super) const INCOMPLETE: u8 = Ending::Incomplete.exit_code();
    pub(super) const OUTSIDE_TOLERANCE: u8 = 6;
}

/// What will a heat-pump district on a shared water loop really do, and can the answer be trusted?
///
/// Alternates a linear dispatch of the whole energy system with a thermodynamic simulation of the water loop that the
/// heat pumps draw from, until both agree.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done (a run stopped by the published rule too: it says \"not converged\"), 1 internal, \
                  2 bad input, 3 not converged, 4 infeasible, 5 incomplete (interrupted; --resume goes on), 6 outside \
                  the reference tolerance."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::New),
    Check(check::Check),
    Run(run::Run),
    Study(study::Study),
    #[cfg(feature = "parquet")]
    Sweep(sweep::Sweep),
    Reproduce(reproduce::Reproduce),
    Report(report::Report),
    Schema(schema::Schema),
    Import(import::Import),
    Completions(manual::Completions),
    Man(manual::Man),
}

/// Prints results for people on standard output; control characters of foreign text are written as `\u{1b}`.
fn print(text: &str) -> Result<(), Failure> {
    print_unchanged(&printable(text))
}

/// Prints text that is printable already, has our own colours, or is for machines. A closed output is not a failure,
/// because the reader has all it wants.
fn print_unchanged(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
        _ => Ok(()),
    }
}

/// Returns a failure if a finding is an error: under `--strict` every warning is one.
fn refuse_errors(findings: &[Finding]) -> Result<(), Failure> {
    match findings.iter().filter(|finding| finding.level == Level::Error).count() {
        0 => Ok(()),
        count => Err(Failure::Strict { count }),
    }
}

/// Returns whether a stream may be coloured: it is a terminal, and NO_COLOR is not set.
fn colours(stream: &impl std::io::IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints a line on standard error, without control characters of foreign text; errors of the output are ignored.
fn say(text: &str) {
    say_unchanged(&printable(text));
}

/// Prints a line that is printable already and may be coloured.
fn say_unchanged(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::New(verb) => verb.execute(),
        Verb::Check(verb) => verb.execute(),
        Verb::Run(verb) => verb.execute(),
        Verb::Study(verb) => verb.execute(),
        #[cfg(feature = "parquet")]
        Verb::Sweep(verb) => verb.execute(),
        Verb::Reproduce(verb) => verb.execute(),
        Verb::Report(verb) => verb.execute(),
        Verb::Schema(verb) => verb.execute(),
        Verb::Import(verb) => verb.execute(),
        Verb::Completions(verb) => verb.execute(),
        Verb::Man(verb) => verb.execute(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            say_unchanged(&failure.render());
            ExitCode::from(failure.exit_code())
        }
    }
}
