//! The second stage of the moderation filter: a small transformer (an encoder of the BERT family) that reads what the words
//! of a text mean together, in milliseconds.
//!
//! Its weights are a file of their own beside the program, which knows the file's hash; `README.md` beside this crate is
//! the file's card and the recipe of its training. [`file`](mod@file) says what the file holds, [`tokenizer`] how a text becomes pieces of
//! words. [`Encoder::meaning`] is asked off the threads that serve: it takes a processor for milliseconds.

mod file;
mod tokenizer;

use std::{fs::File, io::Read, path::Path, sync::Arc};

use plic_filter::{Head, Meaning};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::{NdTensor, prelude::*};

pub use self::file::EncoderError;
use self::{file::Parts, tokenizer::Tokenizer};

/// The most pieces of one run, with the prefix and the marks at both ends.
const WINDOW: usize = 64;
/// By how many pieces one window of a long text begins after the one before.
const STEP: usize = 48;
/// Windows of a text; what stands behind them is not read. Work is bounded by it.
const MAX_WINDOWS: usize = 8;

/// A model that was loaded. Shared by threads, each of which runs it by itself.
pub struct Encoder {
    tokenizer: Tokenizer,
    model: Model,
    ids: NodeId,
    positions: NodeId,
    logits: NodeId,
    /// Runs take place on these threads alone, which bounds the processors in use.
    threads: Arc<ThreadPool>,
    hash: String,
}

impl Encoder {
    /// Reads the file of a model, which then runs on so many threads.
    ///
    /// # Errors
    /// Where it cannot be read, is no such file, is cut short, or is another one than this program was made for.
    pub fn open(path: &Path, threads: usize) -> Result<Self, EncoderError> {
        let mut bytes = Vec::new();
        File::open(path)?.take(file::MAX_BYTES + 1).read_to_end(&mut bytes)?;
        let Parts { pieces, graph, hash } = Parts::of(&bytes)?;
        let (tokenizer, graph_start) = (Tokenizer::new(pieces), bytes.len() - graph.len());
        bytes.drain(..graph_start);
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load(bytes)
            .map_err(|error| EncoderError::Graph(Box::new(error)))?;
        let node = |name| model.node_id(name).map_err(|error| EncoderError::Graph(Box::new(error)));
        Ok(Self {
            ids: node("ids")?,
            positions: node("positions")?,
            logits: node("logits")?,
            tokenizer,
            threads: Arc::new(ThreadPool::with_num_threads(threads)),
            model,
            hash,
        })
    }

    /// The first 16 hexadecimal digits of the file's SHA-256: which model gave a score.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What a text means, by its [`reading`](plic_filter::reading): of a long one, the highest logit of each head over
    /// its windows. What stands behind the last window is not read, and the answer says so.
    ///
    /// # Errors
    /// Where the model cannot be run.
    pub fn meaning(&self, reading: &str) -> Result<Meaning, EncoderError> {
        let inner = WINDOW - self.tokenizer.framed(&[]).len();
        let most = inner + STEP * (MAX_WINDOWS - 1);
        let mut pieces = self.tokenizer.pieces(reading, most + 1);
        let is_cut = pieces.len() > most;
        pieces.truncate(most);
        let mut highest = [f32::NEG_INFINITY; Head::ALL.len()];
        let mut start = 0;
        loop {
            let end = pieces.len().min(start + inner);
            let logits = self.run(&self.tokenizer.framed(&pieces[start..end]))?;
            highest.iter_mut().zip(logits).for_each(|(highest, logit)| *highest = highest.max(logit));
            if end == pieces.len() {
                let meaning = Meaning::new(highest);
                return Ok(if is_cut { meaning.of_a_part() } else { meaning });
            }
            start += STEP;
        }
    }

    fn run(&self, pieces: &[i32]) -> Result<[f32; Head::ALL.len()], EncoderError> {
        let graph = |error| EncoderError::Graph(Box::new(error));
        let positions = (0..).take(pieces.len()).collect::<Vec<i32>>();
        let inputs = vec![
            (self.ids, NdTensor::from_data([pieces.len()], pieces.to_vec()).into()),
            (self.positions, NdTensor::from_data([pieces.len()], positions).into()),
        ];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let [logits] = self.model.run_n(inputs, [self.logits], Some(options)).map_err(graph)?;
        let logits: NdTensor<f32, 2> = logits.try_into().map_err(|_| EncoderError::OtherShape)?;
        let row: Vec<f32> = logits.iter().copied().collect();
        let row: [f32; Head::ALL.len()] = row.try_into().map_err(|_| EncoderError::OtherShape)?;
        if row.iter().all(|logit| logit.is_finite()) { Ok(row) } else { Err(EncoderError::NotANumber) }
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("hash", &self.hash).finish_non_exhaustive()
    }
}
