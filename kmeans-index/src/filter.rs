//! Which vectors a search may find.

/// Looks among some of the vectors only, by their ids.
#[derive(Clone, Copy)]
#[doc(alias = "IDSelector")]
pub struct Filter<'a>(&'a (dyn Fn(u64) -> bool + Sync));

impl<'a> Filter<'a> {
    /// The vectors whose ids `allows` says yes to. It is asked for each vector of a list whenever some queries look into the
    /// list, again for others, and from several threads.
    pub fn new(allows: &'a (dyn Fn(u64) -> bool + Sync)) -> Self {
        Self(allows)
    }

    pub(crate) fn allows(&self, id: u64) -> bool {
        (self.0)(id)
    }
}

impl std::fmt::Debug for Filter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
    }
}
