//! Colours.

/// The colours of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white, for screens.
    Light,
    /// Light on nearly black, for screens.
    Dark,
    /// Black on white, for print.
    Paper,
}

/// Colours of series. More series begin anew.
pub(crate) const SERIES: usize = 8;

/// What a part of a figure is painted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Background,
    Text,
    /// Axes, secondary text and what stands behind.
    Muted,
    /// Data that stands behind other data.
    Faint,
    Grid,
    /// A series or cluster, by number.
    Series(usize),
}

/// The colours of Okabe and Ito, as CSS has them, and those of the rest of a figure.
pub(crate) struct Colors {
    background: String,
    text: String,
    muted: String,
    faint: String,
    grid: String,
    series: [String; SERIES],
}

/// Blue, vermilion, bluish green, orange, reddish purple, sky blue, yellow and grey. On white, yellow is darker than
/// theirs, and grey stands for black, which is the colour of text.
const ON_WHITE: [&str; SERIES] =
    ["#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#c2b200", "#666666"];

/// The same on dark, where blue is lighter than theirs.
const ON_DARK: [&str; SERIES] =
    ["#4098d7", "#e8743b", "#1fb58f", "#e69f00", "#d98fb8", "#8accf2", "#f0e442", "#b5b5b5"];

impl Colors {
    pub(crate) fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self::new(["#ffffff", "#1a1a1a", "#5c5c5c", "#ababab", "#e4e4e4"], ON_WHITE),
            Theme::Dark => Self::new(["#16181c", "#ececec", "#a8a8a8", "#6c7078", "#33363c"], ON_DARK),
            Theme::Paper => Self::new(["#ffffff", "#000000", "#404040", "#a0a0a0", "#d9d9d9"], ON_WHITE),
        }
    }

    fn new([background, text, muted, faint, grid]: [&str; 5], series: [&str; SERIES]) -> Self {
        Self {
            background: background.to_owned(),
            text: text.to_owned(),
            muted: muted.to_owned(),
            faint: faint.to_owned(),
            grid: grid.to_owned(),
            series: series.map(str::to_owned),
        }
    }

    /// The names of variables that [`css_variables`] sets.
    pub(crate) fn variables() -> Self {
        Self {
            background: "var(--plot-background)".to_owned(),
            text: "var(--plot-text)".to_owned(),
            muted: "var(--plot-muted)".to_owned(),
            faint: "var(--plot-faint)".to_owned(),
            grid: "var(--plot-grid)".to_owned(),
            series: std::array::from_fn(|i| format!("var(--plot-{i})")),
        }
    }

    pub(crate) fn ink(&self, ink: Ink) -> &str {
        match ink {
            Ink::Background => &self.background,
            Ink::Text => &self.text,
            Ink::Muted => &self.muted,
            Ink::Faint => &self.faint,
            Ink::Grid => &self.grid,
            Ink::Series(i) => &self.series[i % SERIES],
        }
    }
}

/// Declarations of a theme's colours as variables of CSS, for figures within a page.
pub(crate) fn css_variables(theme: Theme) -> String {
    let Colors { background, text, muted, faint, grid, series } = Colors::of(theme);
    let mut css = format!(
        "--plot-background:{background};--plot-text:{text};--plot-muted:{muted};--plot-faint:{faint};\
         --plot-grid:{grid};"
    );
    for (i, color) in series.iter().enumerate() {
        css += &format!("--plot-{i}:{color};");
    }
    css
}
