//! A chart of bars for the README, in SVG that reads on light and on dark pages.

use super::number::number;

/// Bars that are compared with each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Panel {
    /// What they show.
    pub(crate) title: String,
    /// In the order of the chart.
    pub(crate) bars: Vec<Bar>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    /// Whose.
    pub(crate) name: String,
    /// How long.
    pub(crate) value: f64,
    /// Whether it stands out.
    pub(crate) is_ours: bool,
}

const WIDTH: usize = 720;
/// Where bars begin, and how long the longest is.
const LEFT: usize = 216;
const LONGEST: f64 = 400.0;
const LINE: usize = 24;
const TITLE: usize = 40;
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } \
.end { text-anchor: end } .ours { fill: #1a7f5a } .other { fill: #9aa4af } \
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #3fb98a } .other { fill: #6b7683 } }";

/// The panels that have bars, one below the other.
pub(crate) fn svg(panels: &[Panel]) -> String {
    let mut body = Vec::new();
    let mut top = 0;
    for panel in panels.iter().filter(|panel| !panel.bars.is_empty()) {
        top += TITLE;
        body.push(text(0, top - 12, "title", &panel.title));
        let most = panel.bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
        for bar in &panel.bars {
            let width = bar.value / most * LONGEST;
            let class = if bar.is_ours { "ours" } else { "other" };
            body.push(text(LEFT - 8, top + 16, "end", &bar.name));
            body.push(format!(
                "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" rx=\"2\"/>\n",
                top + 3,
                LINE - 6
            ));
            #[expect(clippy::cast_precision_loss, reason = "a place on a page")]
            let end = LEFT as f64 + width + 6.0;
            body.push(format!("<text x=\"{end:.1}\" y=\"{}\">{}</text>\n", top + 16, number(bar.value)));
            top += LINE;
        }
    }
    let body = body.concat();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-16 0 {WIDTH} {top}\" width=\"{WIDTH}\" height=\"{top}\" \
         role=\"img\">\n<title>plic-chat beside other servers</title>\n<style>{STYLE}</style>\n{body}</svg>\n"
    )
}

fn text(x: usize, y: usize, class: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_takes_the_whole_width_and_panels_without_bars_take_none() {
        let bar = |name: &str, value| Bar { name: name.to_owned(), value, is_ours: name == "ours" };
        let panels = [
            Panel { title: "a < b".to_owned(), bars: vec![bar("ours", 50.0), bar("theirs", 200.0)] },
            Panel { title: "nothing".to_owned(), bars: Vec::new() },
        ];
        let chart = svg(&panels);
        assert!(chart.contains(r#"class="ours" x="216" y="43" width="100.0""#), "{chart}");
        assert!(chart.contains(r#"class="other" x="216" y="67" width="400.0""#), "{chart}");
        assert!(chart.contains("a &lt; b") && !chart.contains("nothing"));
        assert!(chart.contains(r#"height="88""#));
    }
}
