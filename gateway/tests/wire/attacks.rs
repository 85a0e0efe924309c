//! Hostile senders over the wire: real TLS, real signatures, the built gateway as a sandbox of its own.
//!
//! The attack classes of threats.md 1 and the tests that hold them, each a table that a reader can extend. Every test ends
//! by looking whether the process is the same, in good health, within its memory, and its log clean (`attacks/house.rs`).
//!
//! | class | what it tries | tests, or why there is none |
//! |---|---|---|
//! | 1 | signature wrapping | `wrapping::a_signed_body_elsewhere_does_not_sign_the_body` `wrapping::there_is_one_of_everything` `wrapping::soap_12_opens_no_other_door` `identifiers::ids_cannot_be_confused` |
//! | 2 | what must be signed is not | `wrapping::body_and_timestamp_must_both_be_signed` |
//! | 3 | other headers as protection | `wrapping::other_headers_protect_nothing` `wrapping::a_token_that_nobody_refers_to_changes_nobody` |
//! | 4 | two parsers, two documents | `parsing::both_readers_read_one_document` |
//! | 5 | canonicalization tricks | `parsing::a_value_is_read_whole_or_not_at_all` `parsing::no_canonical_form_but_the_one_of_the_profile` |
//! | 6 | replay | `replay::a_captured_message_again_changes_nothing` `replay::a_captured_message_by_anothers_tls_is_refused` |
//! | 7 | games with timestamps | `replay::an_old_message_is_over` `replay::honest_clocks_are_forgiven` |
//! | 8 | tokens that vouch | `tokens::tokens_of_other_kinds_open_nothing` |
//! | 9 | another verb, path or binding | `bindings::a_good_message_by_another_way_is_not_processed` `http::only_post_calls` |
//! | 10 | action against Body | `bindings::action_and_address_may_not_contradict_the_body` `http::action_and_body_must_agree` |
//! | 11 | SSRF by KeyInfo and Reference | `ssrf::no_address_of_a_signature_is_fetched` |
//! | 12 | SSRF by xop:Include and schema locations | `ssrf::nothing_is_included_from_elsewhere` |
//! | 13 | SSRF by ReplyTo and FaultTo | `ssrf::answers_go_nowhere_but_back` |
//! | 14 | SSRF by a certificate's addresses | `ssrf::no_address_of_a_certificate_is_fetched` |
//! | 15 | DTD and entities | `parsing::a_doctype_is_refused_in_all_its_forms` `parsing::text_that_is_not_utf_8_is_refused` |
//! | 16 | transforms that compute | `tokens::transforms_that_compute_are_refused` |
//! | 17 | blow-up and depth | `parsing::size_costs_the_sender_more_than_the_gateway` `parsing::a_thousand_lines_and_no_more` |
//! | 18 | floods of names and namespaces | `parsing::size_costs_the_sender_more_than_the_gateway` |
//! | 19 | MIME | `bindings::what_is_wrapped_or_compressed_is_not_unpacked` |
//! | 20 | compression | `bindings::what_is_wrapped_or_compressed_is_not_unpacked` |
//! | 21 | slow, half-open, smuggled | `bindings::idle_and_slow_callers_keep_nobody_waiting` `bindings::a_request_hidden_in_another_is_not_found` `limits::a_handshake_a_header_and_a_body_have_their_time` |
//! | 22 | algorithms confused | `tokens::algorithms_outside_the_profile_are_named_and_refused` `tokens::nothing_public_makes_a_signature` |
//! | 23 | padding oracles | none: nothing is ever decrypted by a key of the gateway; encrypted parts are refused (class 3) |
//! | 24 | certificates that may not | `certificates::a_certificate_that_chains_and_may_not_sign_is_told_why` `certificates::a_certificate_that_does_not_chain_is_s213_whatever_else_is_wrong_with_it` `certificates::the_sandboxs_hostile_certificates_are_what_they_say` `certificates::the_tls_end_must_be_somebody` `tokens::a_key_is_only_named_as_the_profile_says` |
//! | 25 | revocation kept away | `certificates::revocation_is_known_or_nobody_signs` |
//! | 26 | malformed X.509 | `certificates::a_token_that_is_no_certificate_breaks_nothing` |
//! | 27 | food for the schema validator | `parsing::values_made_for_the_schema_are_refused_at_once` |
//! | 28 | values that are code elsewhere | `values::a_value_is_a_value` `values::an_id_is_an_id` |
//! | 29 | path traversal | `values::a_name_is_not_a_path` |
//! | 30 | leaks in faults and logs | `values::a_refusal_is_no_oracle`, and every test here |
//! | 31 | another party's ids | `replay::an_id_is_spent_by_nobody_else` |
//! | 32 | retry storms | `limits::a_sender_has_its_share_of_seats_and_the_house_its_number`; the gateway itself sends nothing again before it pushes changes |
//! | 33 | push to a hostile address | none: nothing is pushed yet |
//! | 34 | the operators' surface | `control::the_control_listens_to_this_machine_and_to_json_alone`; there is no console yet |
//! | 35 | back-dating | `backdating::the_window_is_counted_from_the_day_of_receipt_in_norway` |

mod backdating;
mod bindings;
mod certificates;
pub mod certs;
pub mod forge;
mod house;
mod identifiers;
mod parsing;
mod replay;
mod ssrf;
mod tokens;
mod values;
mod wrapping;

pub use house::{MOST_BYTES, discreet, log_is_clean, names_of_persons};

/// The classes of threats.md 1.
const CLASSES: usize = 35;

#[test]
fn every_attack_class_has_its_tests_or_a_reason() {
    let rows: Vec<Vec<&str>> = include_str!("attacks.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .map(|line| line.trim_end_matches(" |").split(" | ").collect())
        .filter(|row: &Vec<&str>| row[0] != "class")
        .collect();
    let numbers: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=CLASSES).collect::<Vec<_>>());
    for row in rows {
        let [class, _, tests] = row[..] else { panic!("three columns: {row:?}") };
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            assert!(tests.starts_with("none: ") && tests.len() > 20, "class {class} has neither a test nor a reason");
        }
        for name in named {
            assert!(is_test(name), "class {class}: {name} is no test");
        }
    }
}

/// Whether there is such a test in the file that the module is.
fn is_test(name: &str) -> bool {
    let (module, function) = name.split_once("::").unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let paths = [folder.join(format!("attacks/{module}.rs")), folder.join(format!("{module}.rs"))];
    let text = paths.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    text.contains(&format!("#[test]\nfn {function}() {{"))
}
