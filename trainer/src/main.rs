//! Makes the classifier's model from what lies beside this program: `train` writes it and its card, `check` makes it
//! again and says whether it is the same to the byte, `measure` tells how good it is on tests that it never saw.

mod augment;
mod calibrate;
mod card;
mod corpus;
mod encode;
mod evaluate;
mod figures;
mod fit;
mod grammar;
mod labels;
mod measure;
mod natural;
mod random;
mod train;

use std::{fs, path::Path, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use plic_filter::Classifier;

/// Makes and measures the filter's classifier.
#[derive(Parser)]
enum Command {
    /// Makes the model and its card.
    Train,
    /// Makes the model again, and fails where it is another than the one in the repository.
    Check,
    /// Measures the model in the repository on the tests in `heldout/`.
    Measure {
        /// Every group by itself.
        #[arg(long)]
        groups: bool,
    },
    /// Prints how right the filter is with the starter rules on the tests in `heldout/`.
    Figures {
        /// The final split too: it is for the very end.
        #[arg(long = "final")]
        with_final: bool,
        /// Schemes and situations by themselves.
        #[arg(long)]
        kinds: bool,
    },
}

fn main() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../filter/src/classifier");
    let (model, card) = (folder.join("model.bin"), folder.join("MODEL_CARD.md"));
    let began = Instant::now();
    match Command::parse() {
        Command::Train => {
            let made = train::train(root)?;
            fs::write(&model, &made.file)?;
            fs::write(&card, card::write(&made))?;
            println!("{} in {:.0} s", made.model.hash(), began.elapsed().as_secs_f32());
        }
        Command::Check => {
            let committed = Classifier::from_bytes(&fs::read(&model)?).context("the committed model")?;
            let made = train::train(root)?;
            let seconds = began.elapsed().as_secs_f32();
            if made.model.hash() != committed.hash() {
                eprintln!(
                    "the model is {} and what it is made of makes {} ({seconds:.0} s): run `cargo run --release -p trainer -- train`",
                    committed.hash(),
                    made.model.hash()
                );
                return Ok(ExitCode::FAILURE);
            }
            println!("the model is what it is made of: {} ({seconds:.0} s)", committed.hash());
        }
        Command::Measure { groups } => {
            let committed = Classifier::from_bytes(&fs::read(&model)?).context("the committed model")?;
            let thresholds = card::thresholds(&fs::read_to_string(&card)?)?;
            measure::measure(&root.join("heldout"), &committed, &thresholds, groups)?;
        }
        Command::Figures { with_final, kinds } => figures::print(&root.join("heldout"), with_final, kinds)?,
    }
    Ok(ExitCode::SUCCESS)
}
