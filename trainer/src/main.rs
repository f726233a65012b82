//! Makes the classifier's model from what lies beside this program: `train` writes it and its card, `check` makes it
//! again and says whether it is the same to the byte, `figures` tells how good it is, and the filter with it, on tests that it never saw.

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
mod natural;
mod overlap;
mod random;
mod train;

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context as _, Result};
use clap::Parser;
use plic_filter::Classifier;

use crate::figures::Judges;

/// Makes and measures the filter's classifier.
#[derive(Parser)]
enum Command {
    /// Makes the model and its card.
    Train,
    /// Makes the model again, and fails where it is another than the one in the repository.
    Check,
    /// Prints every row that models are made of, for the encoder's training: language, bits of the labels, bits of the heads
    /// that they speak of (in the order of the heads), weight, source, function, part, 1 for a variant, text.
    Rows,
    /// Prints how right the filter is on the tests in `heldout/`: with the starter rules, and the model alone.
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
        Command::Rows => {
            let mut out = BufWriter::new(io::stdout().lock());
            corpus::rows(root)?.iter().try_for_each(|row| writeln!(out, "{row}"))?;
        }
        Command::Figures { with_final, kinds } => {
            let committed = Classifier::from_bytes(&fs::read(&model)?).context("the committed model")?;
            let judges = Judges::new(committed);
            figures::print(root, &judges, with_final, kinds)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
