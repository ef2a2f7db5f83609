//! What the GPU engine takes for its steps and for whole iterations, beside what its memory and arithmetic allow.
//!
//! ```sh
//! cargo bench --bench gpu --features wgpu            # the first device of wgpu
//! cargo bench --bench gpu --features cuda -- cuda large    # the first NVIDIA GPU, shapes for a GPU
//! ```
//!
//! `scripts/gpu.sh` runs it on a machine that has a GPU and nothing to build with. The floors are those of an H200
//! (66.9 Tflop/s of `f32`, 4.8 TB/s) and are computed here from operations and bytes; on another device they are to be
//! read as numbers of operations and bytes.
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::print_stdout, reason = "its result")]

#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod measured {
    use std::time::Instant;

    use kmeans::core::{Centroids, Engine, Extent, Frame, KMeans, Rows, Update};
    use kmeans::{Init, Metric};

    /// Operations and bytes a second of an H200, by its data sheet.
    const FLOPS: f64 = 66.9e12;
    const BYTES: f64 = 4.8e12;
    /// The shares of them that the kernels are expected to reach: products from registers and shared memory without
    /// overlap of the two, and memory read in pieces of 32 bytes.
    const SHARE_OF_FLOPS: f64 = 0.55;
    const SHARE_OF_BYTES: f64 = 0.5;

    /// A step: its name, operations and bytes, and how to do it.
    struct Step<'a> {
        name: &'a str,
        flops: f64,
        bytes: f64,
        seconds: f64,
    }

    pub(super) fn all<E: Engine + Clone>(engine: &E, shapes: &[[usize; 3]]) {
        println!("{}\n", engine.name());
        println!(
            "| n × d × k | step | Gflop | GB | floor on an H200, ms | predicted there, ms | measured, ms |"
        );
        println!("|---|---|---|---|---|---|---|");
        for &[n, d, k] in shapes {
            for step in steps(engine, n, d, k) {
                let floor = (step.flops / FLOPS).max(step.bytes / BYTES);
                let predicted =
                    (step.flops / FLOPS / SHARE_OF_FLOPS).max(step.bytes / BYTES / SHARE_OF_BYTES);
                println!(
                    "| {n}×{d}×{k} | {} | {:.1} | {:.3} | {:.3} | {:.3} | {:.3} |",
                    step.name,
                    step.flops / 1e9,
                    step.bytes / 1e9,
                    floor * 1e3,
                    predicted * 1e3,
                    step.seconds * 1e3
                );
            }
        }
        println!("\n| n × d × k | iterations | ms an iteration | inertia | the CPU's |");
        println!("|---|---|---|---|---|");
        for &[n, d, k] in shapes {
            train(engine, n, d, k);
        }
    }

    fn steps<E: Engine>(engine: &E, n: usize, d: usize, k: usize) -> Vec<Step<'static>> {
        let x = rows(n, d);
        let extent = Extent::new(vec![-11.0; d], vec![11.0; d], n, None);
        let frame = Frame::centred(&extent, &x[..256.min(n) * d], Metric::L2);
        let mut rows = engine.prepare(Rows::Host { x: x.as_slice().into(), d }, None).unwrap();
        engine.set_frame(&mut rows, &frame).unwrap();
        let codebook = engine.codebook(&Centroids::from_positions(&x[..k * d], &frame), Metric::L2).unwrap();
        let values = (n * d) as f64;
        let n_bytes = |words: usize| (4 * words * n) as f64;
        let assign = timed(engine, &mut rows, |rows| engine.assign(rows, &codebook).unwrap());
        let mut sums = Vec::new();
        let reduce = timed(engine, &mut rows, |rows| sums.push(engine.reduce(rows, &codebook).unwrap()));
        let update = Update::default();
        let mut next = Vec::new();
        let advance = timed(engine, &mut rows, |_| {
            if let Some(sums) = sums.pop().filter(|_| engine.keeps_centroids()) {
                next.push(engine.advance(&codebook, sums, &frame, update).unwrap().0);
            }
        });
        vec![
            Step {
                name: "assign: nearest, then measured",
                flops: 2.0 * values * k as f64 + 3.0 * values,
                bytes: 8.0 * values + n_bytes(9),
                seconds: assign,
            },
            Step {
                name: "reduce: measured, sorted, added",
                flops: 4.0 * values,
                bytes: 8.0 * values + n_bytes(20),
                seconds: reduce,
            },
            Step {
                name: "advance: means, biases",
                flops: 8.0 * (k * d) as f64,
                bytes: 28.0 * (k * d) as f64,
                seconds: advance,
            },
        ]
    }

    /// Seconds of one of several calls that follow each other without waiting.
    fn timed<'p, E: Engine>(
        engine: &'p E,
        rows: &mut E::Prepared<'p>,
        mut work: impl FnMut(&mut E::Prepared<'p>),
    ) -> f64 {
        const CALLS: usize = 5;
        let wait = |rows: &E::Prepared<'p>| drop(engine.gather(rows, &[0]).unwrap());
        // Kernels are made at their first call.
        work(rows);
        wait(rows);
        let start = Instant::now();
        (0..CALLS).for_each(|_| work(rows));
        wait(rows);
        start.elapsed().as_secs_f64() / CALLS as f64
    }

    fn train<E: Engine + Clone>(engine: &E, n: usize, d: usize, k: usize) {
        const NITER: usize = 10;
        let x = rows(n, d);
        let run = |niter| {
            let kmeans = KMeans::on(engine.clone(), k).niter(niter).init(Init::Random);
            kmeans.early_stop_threshold(None).max_points_per_centroid(None)
        };
        run(1).train(&x, d).unwrap();
        let fit = run(NITER).train(&x, d).unwrap();
        let cpu = KMeans::on(kmeans_backend_cpu::CpuEngine::new(None).unwrap(), k)
            .with_params(run(NITER).params().clone())
            .train(&x, d)
            .unwrap();
        println!(
            "| {n}×{d}×{k} | {NITER} | {:.3} | {:.9e} | {:.9e} |",
            fit.report.seconds.iterate * 1e3 / (NITER + 1) as f64,
            fit.report.inertia,
            cpu.report.inertia
        );
    }

    /// Rows around 64 centres, the same on every machine.
    fn rows(n: usize, d: usize) -> Vec<f32> {
        let mut state = 1_u64;
        let mut unit = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let centres: Vec<f32> = (0..64 * d).map(|_| 20.0 * unit() - 10.0).collect();
        let mut x = Vec::with_capacity(n * d);
        for row in 0..n {
            let centre = &centres[row * 7919 % 64 * d..][..d];
            x.extend(centre.iter().map(|c| c + 2.0 * unit() - 1.0));
        }
        x
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn main() {
    const LARGE: [[usize; 3]; 6] = [
        [100_000, 128, 1000],
        [1_000_000, 128, 1024],
        [1_000_000, 128, 4096],
        [1_000_000, 768, 1000],
        [10_000_000, 16, 100],
        [10_000, 128, 100],
    ];
    const SMALL: [[usize; 3]; 2] = [[20_000, 128, 100], [20_000, 16, 100]];
    let wants = |device: &str| std::env::args().any(|arg| arg == device);
    // Mesa's software Vulkan is some thousand times slower than a GPU.
    let shapes: &[[usize; 3]] = if wants("large") { &LARGE } else { &SMALL };
    #[cfg(feature = "wgpu")]
    if !wants("cuda") {
        measured::all(&kmeans_backend_cuda::open_wgpu(0).unwrap(), shapes);
    }
    #[cfg(feature = "cuda")]
    if wants("cuda") || cfg!(not(feature = "wgpu")) {
        measured::all(&kmeans_backend_cuda::open_cuda(0).unwrap(), shapes);
    }
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
fn main() {
    eprintln!("build with --features wgpu or --features cuda");
}
