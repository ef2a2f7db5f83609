use kmeans::{KMeans, Device};
fn main() -> Result<(), kmeans::Error> {
    for (f,k,best) in [("digits",10,1165127.462479),("iris",3,78.851440),("wine",3,2370689.686793)] {
        let x = kmeans::open(format!("data/{f}.f32.npy"))?;
        for dev in ["cpu","cpu:1","reference"] {
            let t = std::time::Instant::now();
            let fit = KMeans::new(k).nredo(20).niter(300).max_points_per_centroid(None).device(dev.parse::<Device>()?).train_points(&*x, None)?;
            println!("{f} {dev} {} {} inertia {:.6} best {best} stop {:?} it {} redo {} {:?}", fit.report.device, x.rows(), fit.report.inertia, fit.report.stop, fit.report.niter_done, fit.report.chosen_redo, t.elapsed());
        }
    }
    Ok(())
}
