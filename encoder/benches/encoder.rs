//! How long the encoder takes for a short message, for one of about sixty pieces, and for the longest that it reads whole.
//!
//! `cargo bench -p plic-encoder --bench encoder`; one core, the text's reading included.

use std::{hint::black_box, path::Path};

use criterion::{Criterion, criterion_group, criterion_main};
use plic_encoder::Encoder;
use plic_filter::reading;

const SENTENCE: &str = "We arrive on Saturday at six, could you leave the keys with your neighbour please?";
const MESSAGE: &str = "Bonjour, nous arrivons samedi vers dix-huit heures avec les enfants, est-ce que vous pouvez \
                       laisser les clés chez la voisine du deuxième et nous dire où se trouve le compteur d'eau, \
                       s'il vous plaît ? ";

fn encoder(c: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("plic-encoder.bin");
    let encoder = Encoder::open(&file, 1).expect("the model of this repository");
    let long = MESSAGE.repeat(7);
    let texts =
        [("a sentence of 15 words", SENTENCE), ("a message of 34 words", MESSAGE), ("238 words", &long)];
    for (name, text) in texts {
        c.bench_function(name, |b| {
            b.iter(|| encoder.meaning(&reading(black_box(text))).expect("the model runs"));
        });
    }
}

criterion_group!(benches, encoder);
criterion_main!(benches);
