//! Makes the classifier's model from what lies beside this program: `train` writes it and its card, `check` makes it
//! again and says whether it is the same to the byte, `figures` tells how good it is, and the filter with it, on tests that it never saw.

mod augment;
mod calibrate;
mod card;
mod corpus;
mod encode;
mod evaluate;
mod export;
mod figures;
mod fit;
mod grammar;
mod join;
mod labels;
mod natural;
mod overlap;
mod random;
mod train;

use std::{
    fs,
    io::{self, BufWriter},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context as _, Result};
use clap::Parser;
use plic_encoder::Encoder;
use plic_filter::Classifier;

use crate::figures::Judges;

/// Makes and measures the filter's classifier.
#[derive(Parser)]
enum Command {
    /// Makes the model and its card.
    Train,
    /// Makes the model again, and fails where it is another than the one in the repository.
    Check,
    /// Sets the lines of both models together.
    Join,
    /// Prints what the encoder is trained and chosen with, a row a line; the README of the encoder names the columns.
    Rows,
    /// Prints how right the filter is on the tests in `heldout/`, without and with the encoder.
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
        Command::Join => {
            fs::write(folder.join("joined.txt"), join::lines(root, &open_encoder(root)?)?)?;
            println!("{:.0} s", began.elapsed().as_secs_f32());
        }
        Command::Rows => {
            export::write(root, &mut BufWriter::new(io::stdout().lock()))?;
        }
        Command::Figures { with_final, kinds } => {
            let committed = Classifier::from_bytes(&fs::read(&model)?).context("the committed model")?;
            let judges = Judges::new(committed, open_encoder(root)?);
            figures::print(root, &judges, with_final, kinds)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open_encoder(root: &Path) -> Result<Encoder> {
    let file = root.join("../encoder/plic-encoder.bin");
    Encoder::open(&file, 1).with_context(|| format!("the encoder {}", file.display()))
}
