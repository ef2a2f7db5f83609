//! A pair of axes and what lies between them.

use std::sync::Arc;

use kuva::render::axis::{add_axes_and_grid, add_labels_and_title};
use kuva::render::layout::{AxisLabelOverlap, ComputedLayout, Layout, TickFormat};
use kuva::render::render::{Primitive, Scene, TextAnchor};

use super::legend::Key;
use super::mark::Mark;
use super::number;
use super::range::whole_step;
use super::theme::{Colors, Ink};
use super::words::{fitted, literal};

/// Size of all text but titles: 9 points where a figure is printed 12 cm wide.
pub(crate) const TEXT: u32 = 15;

/// Height of a line of text.
pub(crate) const LINE: f64 = 22.0;

/// Room on the right, for half of the last tick's text.
const RIGHT: f64 = 22.0;

/// How values are laid out along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    /// Linear, with ticks at whole numbers.
    Whole,
    Log,
    /// Linear, without ticks.
    Bare,
}

/// An axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) range: (f64, f64),
    pub(crate) scale: Scale,
}

/// A pair of axes, the marks between them and what these mean.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) marks: Vec<Mark>,
    pub(crate) keys: Vec<Key>,
    /// Height of the room for marks.
    pub(crate) height: f64,
}

impl Panel {
    pub(crate) fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, marks: Vec::new(), keys: Vec::new(), height: 260.0 }
    }

    /// Places the axes in a panel of `width`, below `top` of other things.
    pub(crate) fn layout(&self, width: f64, top: f64, colors: &Colors) -> (Layout, ComputedLayout) {
        let heading = if self.y.label.is_empty() { 6.0 } else { LINE + 10.0 };
        let below = if self.x.label.is_empty() { 28.0 } else { 28.0 + LINE };
        let above = top + heading + if self.has_vertical_rule() { LINE } else { 0.0 };
        let mut layout = self.axes(colors).with_width(width).with_height(above + self.height + below);
        layout.x_label =
            Some(literal(&fitted(&self.x.label, width - 100.0, TEXT))).filter(|label| !label.is_empty());
        let mut computed = ComputedLayout::from_layout(&layout);
        (computed.x_range, computed.y_range) = (self.x.range, self.y.range);
        (computed.x_ticks, computed.y_ticks) = (6, self.y_ticks());
        computed.margin_top = above;
        computed.margin_bottom = below;
        computed.margin_right = RIGHT;
        computed.margin_left =
            if self.y.scale == Scale::Bare { 34.0 } else { computed.y_tick_label_px + 22.0 };
        computed.recompute_transforms();
        (layout, computed)
    }

    fn axes(&self, colors: &Colors) -> Layout {
        let mut layout = Layout::new(self.x.range, self.y.range);
        layout.theme.axis_color = colors.ink(Ink::Muted).to_owned();
        layout.theme.tick_color = colors.ink(Ink::Muted).to_owned();
        layout.theme.grid_color = colors.ink(Ink::Grid).to_owned();
        (layout.label_size, layout.tick_size, layout.body_size) = (TEXT, TEXT, TEXT);
        // As many as are drawn: the margin is as wide as their widest.
        layout.ticks = self.y_ticks();
        layout.log_x = self.x.scale == Scale::Log;
        layout.log_y = self.y.scale == Scale::Log;
        layout.suppress_y_ticks = self.y.scale == Scale::Bare;
        layout.x_label_overlap = AxisLabelOverlap::Thin;
        layout.x_tick_format = ticks(&self.x);
        layout.y_tick_format = ticks(&self.y);
        layout.x_tick_step = step(&self.x, 12);
        layout.y_tick_step = step(&self.y, self.y_ticks());
        layout
    }

    /// About how many ticks of the vertical axis stand apart.
    fn y_ticks(&self) -> usize {
        if self.height < 200.0 { 3 } else { 5 }
    }

    fn has_vertical_rule(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Vertical { .. }))
    }

    /// Draws the axes and the marks.
    pub(crate) fn draw(
        &self,
        scene: &mut Scene,
        (layout, computed): &(Layout, ComputedLayout),
        colors: &Colors,
    ) {
        add_axes_and_grid(scene, computed, layout);
        add_labels_and_title(scene, computed, layout);
        if !self.y.label.is_empty() {
            let above = if self.has_vertical_rule() { LINE } else { 0.0 };
            scene.add(Primitive::Text {
                x: 4.0,
                y: computed.margin_top - above - 13.0,
                content: literal(&fitted(&self.y.label, computed.width - 8.0, TEXT)),
                size: TEXT,
                anchor: TextAnchor::Start,
                rotate: None,
                bold: false,
                color: None,
            });
        }
        for mark in &self.marks {
            mark.draw(scene, computed, colors);
        }
    }
}

/// The step of ticks, where it is not left to the plotting crate.
fn step(axis: &Axis, ticks: usize) -> Option<f64> {
    match axis.scale {
        Scale::Whole => Some(whole_step(axis.range.1 - axis.range.0, ticks)),
        // It makes no ticks of steps without end.
        Scale::Bare => Some(f64::INFINITY),
        Scale::Linear | Scale::Log => None,
    }
}

fn ticks(axis: &Axis) -> TickFormat {
    let span = axis.range.1 - axis.range.0;
    match axis.scale {
        Scale::Log => TickFormat::Custom(Arc::new(number::short)),
        _ => TickFormat::Custom(Arc::new(move |value| number::tick(value, span))),
    }
}
