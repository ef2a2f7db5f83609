//! A device: memory, launches, and what went wrong there.

use cubecl::future::block_on;
use std::pin::Pin;

use cubecl::bytes::Bytes;
use cubecl::prelude::*;
use cubecl::server::{Handle, ServerError};
use cubecl::stream_id::StreamId;
use kmeans_core::{Error, Result, guard};

/// Units of a cube in kernels that need no other number.
pub(crate) const UNITS: u32 = 256;
/// Cubes in one direction that every device takes.
const MOST_CUBES: u32 = 65_535;
/// Elements of one array: kernels count in 32 bits, and some steps look past the end.
const MOST_ELEMENTS: u64 = 1 << 31;

/// Bytes from which on an array is asked for before it is used: whether there is memory for it, nobody says otherwise.
const LARGE_BYTES: usize = 1 << 20;

/// CubeCL's number of the stream on which rows are made ready; below the number of its streams.
const LOADER: u64 = 127;

/// A device and its name.
#[derive(Clone)]
pub(crate) struct Gpu<R: Runtime> {
    pub(crate) client: ComputeClient<R>,
    pub(crate) name: String,
}

impl<R: Runtime> Gpu<R> {
    /// Bytes that one array may have.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.client.properties().memory.max_page_size.min(4 * MOST_ELEMENTS)
    }

    /// Bytes of shared memory in a cube.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.client.properties().hardware.max_shared_memory_size
    }

    /// Copies values to the device.
    pub(crate) fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<Handle> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        self.check_size(bytes.len() as u64)?;
        if bytes.is_empty() {
            return self.empty(1);
        }
        let handle = if bytes.len().is_multiple_of(4) {
            self.client.create_from_slice(bytes)
        } else {
            let mut padded = bytes.to_vec();
            padded.resize(bytes.len().next_multiple_of(4), 0);
            self.client.create_from_slice(&padded)
        };
        self.there(handle, bytes.len())
    }

    /// Lets go of what was copied for sending, the last array sent excepted.
    pub(crate) fn flush(&self) -> Result<()> {
        match self.guard(|| Ok(self.client.flush()))? {
            Ok(()) => Ok(()),
            Err(error) => self.fail(format!("{error}")),
        }
    }

    /// Memory for `words` words of 32 bits that hold anything.
    pub(crate) fn empty(&self, words: usize) -> Result<Handle> {
        self.check_size(4 * words as u64)?;
        self.there(self.client.empty(4 * words.max(1)), 4 * words)
    }

    /// An array, if there is memory for it. CubeCL leaves out the kernels that would use one without, and says nothing.
    fn there(&self, handle: Handle, bytes: usize) -> Result<Handle> {
        if bytes < LARGE_BYTES {
            return Ok(handle);
        }
        match self.guard(|| Ok(self.client.get_resource(handle.clone()).is_ok())) {
            Ok(true) => Ok(handle),
            _ => self.fail(format!(
                "the device has no memory for an array of {bytes} bytes: a smaller device_memory leaves more of it"
            )),
        }
    }

    /// Memory of zeros.
    pub(crate) fn zeros(&self, words: usize) -> Result<Handle> {
        let handle = self.empty(words)?;
        let clear = crate::kernel::reduce::clear::launch_unchecked::<R>;
        // SAFETY: the kernel writes below `words` alone.
        unsafe {
            clear(
                &self.client,
                cubes(words.div_ceil(UNITS as usize)),
                CubeDim::new_1d(UNITS),
                array(&handle, words),
                words as u32,
            );
        }
        Ok(handle)
    }

    /// An allocation beyond the device's limit fails where nobody hears of it.
    fn check_size(&self, bytes: u64) -> Result<()> {
        let most = self.most_bytes();
        if bytes <= most {
            return Ok(());
        }
        self.fail(format!("an array of {bytes} bytes is needed, and the device takes {most} at most"))
    }

    /// Asks for what is in some places now; what is asked of the device later does not delay it.
    pub(crate) fn ask(&self, handles: Vec<Handle>) -> Asked<'_> {
        Asked(Some(Box::pin(self.client.read_async(handles))))
    }

    /// Waits for all that was asked for, and brings what is in some places to the host.
    pub(crate) fn read(&self, handles: Vec<Handle>) -> Result<Vec<Vec<u32>>> {
        // Some runtimes tell of failed kernels here only.
        self.finish()?;
        self.wait(self.ask(handles))
    }

    /// Waits until all is done that this thread asked for.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.guard(|| Ok(block_on(self.client.sync())))? {
            Ok(()) => Ok(()),
            Err(error) => self.fail(format!("{error}")),
        }
    }

    /// Waits for what was asked for.
    pub(crate) fn wait(&self, mut asked: Asked<'_>) -> Result<Vec<Vec<u32>>> {
        let Some(read) = asked.0.take() else { return Ok(Vec::new()) };
        match self.guard(|| Ok(block_on(read)))? {
            Ok(all) => Ok(all.iter().map(|bytes| bytemuck::pod_collect_to_vec(bytes)).collect()),
            Err(error) => self.fail(format!("{error}")),
        }
    }

    /// Runs operations of CubeCL, which panics where a device is lost.
    pub(crate) fn guard<T>(&self, operations: impl FnOnce() -> Result<T>) -> Result<T> {
        guard(&self.name, operations)?
    }

    /// The same of one place.
    pub(crate) fn read_one(&self, handle: &Handle) -> Result<Vec<u32>> {
        Ok(self.read(vec![handle.clone()])?.remove(0))
    }

    /// Does what makes rows ready on a stream of its own, whatever thread asks: memory that comes and goes with rows is
    /// then used again, and rows are sent while others are computed on.
    ///
    /// It waits for what its thread has asked for before, and for what was asked for here: CubeCL gives memory of a
    /// stream away once nobody holds it, even if a kernel on another stream has yet to read it.
    pub(crate) fn loading<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.finish()?;
        StreamId { value: LOADER }.executes(|| {
            let done = work()?;
            self.flush()?;
            self.finish()?;
            // What was copied last goes with this one.
            self.flush()?;
            Ok(done)
        })
    }

    pub(crate) fn fail<T>(&self, message: String) -> Result<T> {
        Err(Error::Engine { engine: self.name.clone(), message })
    }
}

/// Values on their way to the host. Whoever no longer wants them waits for them all the same: the memory that
/// they come through is used again, and some runtimes do not see that it is not free.
pub(crate) struct Asked<'g>(Option<Read<'g>>);

type Read<'g> = Pin<Box<dyn Future<Output = std::result::Result<Vec<Bytes>, ServerError>> + Send + 'g>>;

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(read) = self.0.take() {
            let _ = guard("", || block_on(read));
        }
    }
}

/// Starts a device; CubeCL panics where that fails.
pub(crate) fn started<T>(name: &str, start: impl FnOnce() -> T) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(start)).map_err(|_| Error::Device {
        device: name.to_owned(),
        reason: "the device does not start; what its driver said stands above".to_owned(),
    })
}

/// A place in memory as the argument of a kernel.
pub(crate) fn array<R: Runtime>(handle: &Handle, len: usize) -> ArrayArg<R> {
    // SAFETY: callers say how many elements they made the place for.
    unsafe { ArrayArg::from_raw_parts(handle.clone(), len.max(1)) }
}

/// At least `count` cubes; kernels leave alone what is beyond their rows.
pub(crate) fn cubes(count: usize) -> CubeCount {
    let count = count.max(1) as u32;
    if count <= MOST_CUBES {
        return CubeCount::Static(count, 1, 1);
    }
    CubeCount::Static(MOST_CUBES, count.div_ceil(MOST_CUBES), 1)
}

/// Pairs of words as integers of 64 bits.
pub(crate) fn integers(words: &[u32]) -> Vec<i64> {
    words.chunks_exact(2).map(|pair| (u64::from(pair[0]) | u64::from(pair[1]) << 32) as i64).collect()
}

/// Words as numbers.
pub(crate) fn numbers(words: Vec<u32>) -> Vec<f32> {
    bytemuck::allocation::cast_vec(words)
}
