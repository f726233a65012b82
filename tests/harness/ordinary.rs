//! Ordinary messages, sent to a server.

use plic_filter::{Language, canary};

use super::Socket;

/// Texts of ordinary chat that are surely in this language, each once.
pub(crate) fn ordinary(language: Language, count: usize) -> Vec<&'static str> {
    let is_in = |text: &&str| !text.contains('\n') && Language::of_text(text) == language;
    let mut texts: Vec<&str> = canary::texts().filter(is_in).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.truncate(count);
    assert_eq!(texts.len(), count, "there are so many texts");
    texts
}

/// Sends texts, each under an id of its own, a window of them at a time; all must be delivered.
pub(crate) async fn say_all(ws: &mut Socket, room: i64, texts: &[&str]) {
    for (window, texts) in texts.chunks(50).enumerate() {
        let id = |place: usize| format!("ordinary-{room}-{window}-{place}");
        for (place, text) in texts.iter().enumerate() {
            ws.send_message(room, text, &id(place)).await;
        }
        for place in 0..texts.len() {
            ws.confirmed(&id(place)).await;
        }
    }
}
