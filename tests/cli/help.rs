//! Help and version.

use kmeans::Params;

use crate::room::Room;

/// Parameters whose flag is not their name.
const OTHERWISE: [(&str, &str); 6] = [
    ("k", "-k"),
    ("verbose", "--verbose"),
    ("return_distances", "--distances"),
    ("final_assign", "--no-final-assign"),
    ("check_input_data_for_nans", "--no-check-input-data-for-nans"),
    ("apply_pca", "--no-pca"),
];

const HEADINGS: [&str; 8] = [
    "Preparation (steps are done in the order of their flags):",
    "Initialisation:",
    "Sampling:",
    "Iterations and stopping:",
    "Metric and centroids:",
    "Variants:",
    "Encoded and sparse input:",
    "Running:",
];

#[test]
fn every_parameter_has_a_flag_in_the_help_of_train() {
    let help = Room::new().ok("train --help").stdout;
    let flags: Vec<&str> = help
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('-'))
        .flat_map(|line| line.split([' ', ',', '[', '=']))
        .filter(|word| word.starts_with('-'))
        .collect();
    let params = serde_json::to_value(Params::default()).unwrap();
    let names = params.as_object().unwrap().keys().map(String::as_str).chain(["init_centroids"]);
    for name in names {
        let named = OTHERWISE.iter().find(|(parameter, _)| *parameter == name);
        let flag = named.map_or(format!("--{}", name.replace('_', "-")), |(_, flag)| (*flag).to_owned());
        assert!(flags.contains(&&*flag), "{name}: {flag} is not in {flags:?}");
    }
}

#[test]
fn the_help_of_train_is_grouped() {
    let help = Room::new().ok("train --help").stdout;
    let places: Vec<usize> = HEADINGS.iter().map(|heading| help.find(heading).expect(heading)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn only_commands_that_work_appear() {
    let help = Room::new().ok("--help").stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(
        names,
        [
            "train", "assign", "eval", "choose-k", "prepare", "index", "search", "info", "convert",
            "generate", "help"
        ]
    );
}

#[test]
fn help_of_every_command_names_defaults_and_units() {
    let room = Room::new();
    for (command, words) in [
        (
            "train",
            &[
                "[default: 25]",
                "[default: 1]",
                "[default: 1234]",
                "[default: kmeans++]",
                "[default: 39]",
                "[default: 256]",
                "[default: 0]",
                "[default: auto]",
                "[default: native]",
                "[default: split]",
                "[default: exact]",
                "exact; index, by",
                "[default: 32768]",
                "[default: 50]",
                "[default: no limit]",
                "[alias: --init-method]",
                "seconds",
                "l2",
                "ip",
                "cosine",
                "l1",
                "linf",
                "kl",
                "squared for l2",
                "i32",
                "f32",
            ][..],
        ),
        ("assign", &["[default: 1]", "[default: auto]", "squared for l2", "i32"]),
        ("index", &["[default: l2;", "[default: f32]", "[default: auto]", "sq8", "--add", "counted from 0"]),
        (
            "search",
            &["[default: 10]", "[default: 8,", "[default: auto]", "QUERIES", "squared for l2", "i64", "-1"],
        ),
        ("prepare", &["in the order", "[default: exact]", "zscore:Z", "iqr:F", "i64", "counted from 0"]),
        ("info", &["--json"]),
        ("convert", &["[default: f32]", "counted from 0", "sq8:RANGES.npy", ".npz"]),
        ("generate", &["[default: 1234]", "Standard deviation", "[default: f32]"]),
    ] {
        for flag in ["-h", "--help"] {
            let ran = room.ok(&format!("{command} {flag}"));
            for word in words {
                assert!(ran.stdout.contains(word), "{command} {flag}: {word}\n{}", ran.stdout);
            }
            assert_eq!(ran.stderr, "");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Room::new().ok("--version");
    assert_eq!(ran.stdout, format!("kmeans {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_arguments_is_a_usage_error_with_help_on_standard_error() {
    let ran = Room::new().run("");
    assert_eq!(ran.code, 2);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("Usage:"), "{}", ran.stderr);
}

#[test]
fn no_color_is_obeyed_even_where_colours_are_forced() {
    let room = Room::new();
    let frob = |no_color: bool| {
        let ran = room.run_with("frob", b"", |command| {
            command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
            if no_color {
                command.env("NO_COLOR", "1");
            }
        });
        ran.stderr.contains('\x1b')
    };
    assert!(frob(false), "without NO_COLOR there would be colours");
    assert!(!frob(true));
}

#[test]
fn there_are_no_bars_or_colours_off_a_terminal() {
    let room = Room::with("digits");
    let ran = room.ok("train digits.npy -k 10 -o m.safetensors");
    assert!(!ran.stderr.contains(['\x1b', '\r']), "{:?}", ran.stderr);
}
