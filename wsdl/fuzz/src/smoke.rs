//! A target as an ordinary program, for CI: every seed as it is, then as many inputs as asked for that are seeds with a
//! few changes. No coverage and no libFuzzer, so that it is built from what is built already; no clock and one seed, so
//! that what fails once fails always.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::exit;

/// Most changes of one input.
const MAX_CHANGES: usize = 5;
/// Longest piece that is copied or removed.
const MAX_PIECE: usize = 64;

/// Runs the target over what the command line names: `RUNS DICTIONARY ARTIFACT SEEDS…`, of which the last are files
/// and folders. The input that fails is written to ARTIFACT.
pub fn run(target: impl Fn(&[u8])) {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = || arguments.next().unwrap_or_else(|| usage());
    let runs: usize = next().to_str().and_then(|runs| runs.parse().ok()).unwrap_or_else(|| usage());
    let words = dictionary(&next());
    let artifact = next();
    let seeds = read(arguments);
    if seeds.is_empty() {
        usage();
    }
    let attempt = |input: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
            std::fs::write(&artifact, input).expect("room for a file");
            eprintln!("the input is kept: {}", artifact.display());
            exit(1);
        }
    };
    seeds.iter().for_each(|seed| attempt(seed));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..runs {
        let mut input = random.pick(&seeds).clone();
        for _ in 0..=random.below(MAX_CHANGES) {
            change(&mut input, &seeds, &words, &mut random);
        }
        attempt(&input);
    }
    println!("{} seeds, {runs} changed inputs", seeds.len());
}

fn usage() -> ! {
    eprintln!("RUNS DICTIONARY ARTIFACT SEEDS…");
    exit(2);
}

/// Files in the order of their names, folders with what is in them.
fn read(paths: impl Iterator<Item = PathBuf>) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside: Vec<PathBuf> =
                std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
            inside.sort();
            seeds.extend(read(inside.into_iter()));
        } else {
            seeds.push(std::fs::read(path).expect("a seed"));
        }
    }
    seeds
}

/// The words of a dictionary in libFuzzer's form: one a line, in quotes, with \xAB for a byte.
fn dictionary(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).expect("a dictionary");
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    let unescape = |word: &str| {
        let (mut out, mut rest) = (Vec::new(), word.as_bytes());
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            match (first, after) {
                (b'\\', [b'x', high, low, after @ ..]) => {
                    let digits = [*high, *low].map(|digit| char::from(digit).to_digit(16).expect("a digit"));
                    out.push(u8::try_from(digits[0] * 16 + digits[1]).expect("two digits"));
                    rest = after;
                }
                (b'\\', [escaped, after @ ..]) => {
                    out.push(*escaped);
                    rest = after;
                }
                _ => out.push(*first),
            }
        }
        out
    };
    quoted.map(unescape).collect()
}

/// One change, as libFuzzer makes them.
fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = (at + random.below(MAX_PIECE)).min(input.len());
    match random.below(6) {
        0 if at < input.len() => input[at] = random.byte(),
        1 if at < input.len() => input[at] ^= 1 << random.below(8),
        2 => drop(input.drain(at..end)),
        3 => drop(input.splice(at..at, [random.byte()])),
        4 if !words.is_empty() => {
            let to = if random.below(2) == 0 { at } else { end };
            input.splice(at..to, random.pick(words).iter().copied());
        }
        _ => {
            let other = random.pick(seeds);
            let from = random.below(other.len() + 1);
            let piece = &other[from..(from + random.below(MAX_PIECE)).min(other.len())];
            input.splice(at..end, piece.iter().copied());
        }
    }
}

/// Chance that is the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("less than a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[7]
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Makes a program of a target: libFuzzer's under cargo-fuzz, which sets `fuzzing`, and [`run`] otherwise.
#[macro_export]
macro_rules! target {
    (|$input:ident| $body:block) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|$input: &[u8]| $body);
        #[cfg(not(fuzzing))]
        fn main() {
            $crate::smoke::run(|$input: &[u8]| $body);
        }
    };
}
