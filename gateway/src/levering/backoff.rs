//! How long a stream rests after a failure: twice as long each time, within bounds, with jitter so that receivers of one
//! vendor that fell together are not all called in the same second.

use chrono::TimeDelta;
use rand::RngExt as _;

/// The rest after so many failures in a row; `first` and `most` are the bounds.
pub fn rest(failures: i64, first: TimeDelta, most: TimeDelta) -> TimeDelta {
    let full = whole(failures, first, most).num_milliseconds();
    TimeDelta::milliseconds(rand::rng().random_range(full / 2..=full.max(1)))
}

fn whole(failures: i64, first: TimeDelta, most: TimeDelta) -> TimeDelta {
    let doublings = u32::try_from(failures.saturating_sub(1).clamp(0, 30)).unwrap_or(0);
    let millis = first.num_milliseconds().saturating_mul(1_i64 << doublings);
    TimeDelta::milliseconds(millis.min(most.num_milliseconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_from_five_seconds_to_an_hour_and_is_never_longer() {
        let (first, most) = (TimeDelta::seconds(5), TimeDelta::hours(1));
        for (failures, seconds) in
            [(0, 5), (1, 5), (2, 10), (3, 20), (10, 2_560), (11, 3_600), (100, 3_600), (i64::MAX, 3_600)]
        {
            assert_eq!(whole(failures, first, most).num_seconds(), seconds, "{failures}");
            for _ in 0..100 {
                let rest = rest(failures, first, most).num_seconds();
                assert!((seconds / 2..=seconds).contains(&rest), "{failures}: {rest}");
            }
        }
    }
}
