//! What the GPU engine takes for its steps and for whole iterations, beside what its memory and arithmetic allow.
//!
//! ```sh
//! cargo bench --bench gpu --features wgpu            # the first device of wgpu
//! cargo bench --bench gpu --features cuda -- cuda large    # the first NVIDIA GPU, shapes for a GPU
//! cargo bench --bench gpu --features cuda -- cuda sift_150k_128.u8.npy      # rows of a file, k = 1024
//! cargo bench --bench gpu --features cuda -- cuda large search              # exact search alone
//! ```
//!
//! `scripts/gpu.sh` runs it on a machine that has a GPU and nothing to build with. The floors are those of an H200
//! (66.9 Tflop/s of `f32`, 989 of `f16` on matrix units, 4.8 TB/s) and are computed here from operations and bytes; on
//! another device they are to be read as numbers of operations and bytes.
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::print_stdout, reason = "its result")]

#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod measured {
    use std::time::Instant;

    use kmeans::core::{Centroids, Engine, Frame, KMeans, Rows, Update};
    use kmeans::index::FlatIndex;
    use kmeans::{Init, Metric, Points, RowSlice};

    /// Operations and bytes a second of an H200, by its data sheet.
    const FLOPS: f64 = 66.9e12;
    const MATRIX_FLOPS: f64 = 989e12;
    const BYTES: f64 = 4.8e12;
    /// The shares of them that the kernels are expected to reach: products from registers and shared memory without
    /// overlap of the two, matrix units that wait for both, and memory read in pieces of 32 bytes.
    const SHARE_OF_FLOPS: f64 = 0.55;
    const SHARE_OF_MATRIX_FLOPS: f64 = 0.35;
    const SHARE_OF_BYTES: f64 = 0.5;
    /// The share of the rows that a screen is expected to leave to the exact kernel.
    const SHARE_OF_UNSURE: f64 = 0.05;

    /// A step: operations, bytes and seconds.
    struct Step {
        name: &'static str,
        flops: f64,
        /// Of them on matrix units.
        matrix_flops: f64,
        bytes: f64,
        seconds: f64,
    }

    impl Step {
        /// Seconds where the parts of a second that the device has are as given.
        fn at(&self, [flops, matrix, bytes]: [f64; 3]) -> f64 {
            let computed = (self.flops - self.matrix_flops) / FLOPS / flops;
            (computed + self.matrix_flops / MATRIX_FLOPS / matrix).max(self.bytes / BYTES / bytes)
        }
    }

    /// Rows to cluster, and how many clusters.
    pub(super) struct Case {
        x: Vec<f32>,
        d: usize,
        k: usize,
    }

    impl Case {
        /// Rows around 64 centres, the same on every machine.
        pub(super) fn made([n, d, k]: [usize; 3]) -> Self {
            Self { x: rows(n, d), d, k }
        }

        pub(super) fn of_file(path: &str, k: usize) -> Self {
            let points = kmeans::open(std::path::Path::new(path)).unwrap();
            let mut x = vec![0.0; points.rows() * points.dim()];
            points.read(0..points.rows(), &mut x).unwrap();
            Self { x, d: points.dim(), k }
        }

        fn shape(&self) -> [usize; 3] {
            [self.x.len() / self.d, self.d, self.k]
        }
    }

    /// The steps of an engine that scores all pairs exactly, and those of the engine as it is.
    pub(super) fn all<E: Engine + Clone + 'static>(
        engine: &E,
        exact: &E,
        by_matrix: bool,
        cases: &[impl Fn() -> Case],
    ) {
        println!("{}\n", engine.name());
        if !std::env::args().any(|arg| arg == "search") {
            trainings(engine, exact, by_matrix, cases);
        }
        println!("\n| n × d, exact search | p | queries at a time | queries a second | ms | Tflop/s |");
        println!("|---|---|---|---|---|---|");
        cases.iter().for_each(|case| search(engine, &case()));
    }

    fn trainings<E: Engine + Clone>(engine: &E, exact: &E, by_matrix: bool, cases: &[impl Fn() -> Case]) {
        println!(
            "| n × d × k | step | Gflop | GB | floor on an H200, ms | predicted there, ms | measured, ms |"
        );
        println!("|---|---|---|---|---|---|---|");
        for case in cases {
            let case = case();
            let [n, d, k] = case.shape();
            let mut all = steps(exact, &case);
            if by_matrix {
                all.push(screened(engine, &case));
            }
            for step in all {
                let floor = step.at([1.0; 3]);
                let predicted = step.at([SHARE_OF_FLOPS, SHARE_OF_MATRIX_FLOPS, SHARE_OF_BYTES]);
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
        cases.iter().for_each(|case| train(engine, &case()));
    }

    /// Exact search for rows near stored ones.
    fn search<E: Engine + Clone + 'static>(engine: &E, case: &Case) {
        const P: usize = 10;
        let [n, d, _] = case.shape();
        let index = FlatIndex::new(engine.clone(), &case.x, d, Metric::L2).unwrap();
        for batch in [1, 1000, 10_000].into_iter().filter(|&batch| batch <= n) {
            let queries: Vec<f32> = case.x[..batch * d].iter().map(|x| x + 0.25).collect();
            let queries = RowSlice::new(&queries, d).unwrap();
            let run = || index.search(&queries, P).unwrap();
            run();
            let start = Instant::now();
            const CALLS: u32 = 3;
            (0..CALLS).for_each(|_| drop(run()));
            let seconds = start.elapsed().as_secs_f64() / f64::from(CALLS);
            let flops = 2.0 * (n * d * batch) as f64;
            println!(
                "| {n}×{d} | {P} | {batch} | {:.0} | {:.3} | {:.2} |",
                batch as f64 / seconds,
                seconds * 1e3,
                flops / seconds / 1e12
            );
        }
    }

    /// Rows and centroids made ready, and the frame.
    fn made_ready<E: Engine>(engine: &E, x: &[f32], [n, d, k]: [usize; 3]) -> (E::Codebook, Frame) {
        let rows = engine.prepare(Rows::Host { x: x[..n * d].into(), d }, None).unwrap();
        let extent = engine.extent(&rows).unwrap();
        let frame = Frame::centred(&extent, &x[..256.min(n) * d], Metric::L2);
        let codebook = engine.codebook(&Centroids::from_positions(&x[..k * d], &frame), Metric::L2).unwrap();
        (codebook, frame)
    }

    fn assign<E: Engine>(engine: &E, x: &[f32], shape: [usize; 3]) -> f64 {
        let (codebook, frame) = made_ready(engine, x, shape);
        let mut rows = engine.prepare(Rows::Host { x: x.into(), d: shape[1] }, None).unwrap();
        engine.set_frame(&mut rows, &frame).unwrap();
        timed(engine, &mut rows, |rows| engine.assign(rows, &codebook).unwrap())
    }

    fn screened<E: Engine>(engine: &E, case: &Case) -> Step {
        let [n, d, k] = case.shape();
        let values = (n * d) as f64;
        let pairs = 2.0 * values * k as f64;
        Step {
            name: "assign: screened by matrix units, the unsure exactly, then measured",
            flops: pairs * (1.0 + SHARE_OF_UNSURE) + 3.0 * values,
            matrix_flops: pairs,
            bytes: 6.0 * values + (4 * 12 * n) as f64,
            seconds: assign(engine, &case.x, [n, d, k]),
        }
    }

    fn steps<E: Engine>(engine: &E, case: &Case) -> Vec<Step> {
        let [n, d, k] = case.shape();
        let (codebook, frame) = made_ready(engine, &case.x, [n, d, k]);
        let mut rows = engine.prepare(Rows::Host { x: case.x.as_slice().into(), d }, None).unwrap();
        engine.set_frame(&mut rows, &frame).unwrap();
        let values = (n * d) as f64;
        let n_bytes = |words: usize| (4 * words * n) as f64;
        let assign = assign(engine, &case.x, [n, d, k]);
        let mut sums = Vec::new();
        let reduce = timed(engine, &mut rows, |rows| sums.push(engine.reduce(rows, &codebook).unwrap()));
        let update = Update::default();
        // What is asked for is waited for when it is dropped.
        let mut made = Vec::new();
        let advance = timed(engine, &mut rows, |_| {
            let sums = sums.pop().expect("as many sums as calls");
            made.push(engine.advance(&codebook, sums, &frame, update).unwrap());
        });
        vec![
            Step {
                name: "assign: nearest of all pairs, then measured",
                flops: 2.0 * values * k as f64 + 3.0 * values,
                matrix_flops: 0.0,
                bytes: 8.0 * values + n_bytes(9),
                seconds: assign,
            },
            Step {
                name: "reduce: measured, sorted, added",
                flops: 4.0 * values,
                matrix_flops: 0.0,
                bytes: 8.0 * values + n_bytes(20),
                seconds: reduce,
            },
            Step {
                name: "advance: means, biases",
                flops: 8.0 * (k * d) as f64,
                matrix_flops: 0.0,
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

    fn train<E: Engine + Clone>(engine: &E, case: &Case) {
        const NITER: usize = 10;
        let ([n, d, k], x) = (case.shape(), &case.x);
        let run = |niter| {
            let kmeans = KMeans::on(engine.clone(), k).niter(niter).init(Init::Random);
            kmeans.early_stop_threshold(None).max_points_per_centroid(None)
        };
        run(1).train(x, d).unwrap();
        let fit = run(NITER).train(x, d).unwrap();
        let cpu = KMeans::on(kmeans_backend_cpu::CpuEngine::new(None).unwrap(), k)
            .with_params(run(NITER).params().clone())
            .train(x, d)
            .unwrap();
        println!(
            "| {n}×{d}×{k} | {NITER} | {:.3} | {:.9e} | {:.9e} |",
            fit.report.seconds.iterate * 1e3 / (NITER + 1) as f64,
            fit.report.inertia,
            cpu.report.inertia
        );
    }

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
    use kmeans_backend_cuda::MatrixUnits;
    use measured::Case;

    const LARGE: [[usize; 3]; 6] = [
        [100_000, 128, 1000],
        [1_000_000, 128, 1024],
        [1_000_000, 128, 4096],
        [1_000_000, 768, 1000],
        [10_000_000, 16, 100],
        [10_000, 128, 100],
    ];
    const SMALL: [[usize; 3]; 2] = [[20_000, 128, 100], [20_000, 16, 100]];
    const K_OF_FILE: usize = 1024;
    let wants = |device: &str| std::env::args().any(|arg| arg == device);
    let file = std::env::args().find(|arg| arg.ends_with(".npy"));
    // Mesa's software Vulkan is some thousand times slower than a GPU.
    let shapes: &[[usize; 3]] = if wants("large") { &LARGE } else { &SMALL };
    let mut cases: Vec<Box<dyn Fn() -> Case>> = Vec::new();
    match file {
        Some(file) => cases.push(Box::new(move || Case::of_file(&file, K_OF_FILE))),
        None => cases.extend(shapes.iter().map(|&shape| Box::new(move || Case::made(shape)) as Box<_>)),
    }
    #[cfg(feature = "wgpu")]
    if !wants("cuda") {
        let engine = kmeans_backend_cuda::open_wgpu(0).unwrap();
        measured::all(&engine, &engine.clone().matrix_units(MatrixUnits::Off), false, &cases);
    }
    #[cfg(feature = "cuda")]
    if wants("cuda") || cfg!(not(feature = "wgpu")) {
        let engine = kmeans_backend_cuda::open_cuda(0).unwrap();
        measured::all(&engine, &engine.clone().matrix_units(MatrixUnits::Off), true, &cases);
    }
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
fn main() {
    eprintln!("build with --features wgpu or --features cuda");
}
